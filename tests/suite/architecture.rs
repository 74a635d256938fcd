//! The arrows between the crates are those of ARCHITECTURE.md, and no others.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::MetadataCommand;

#[test]
fn dependency_arrows_are_as_designed() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> = [
        ("footnote-core", BTreeSet::new()),
        ("footnote-store", ["footnote-core"].into()),
        ("footnote-ingest", ["footnote-core"].into()),
        ("footnote-retriever", ["footnote-core"].into()),
        ("footnote-generator", ["footnote-core"].into()),
        (
            "footnote-api",
            [
                "footnote-core",
                "footnote-store",
                "footnote-ingest",
                "footnote-retriever",
                "footnote-generator",
            ]
            .into(),
        ),
    ]
    .into();
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .expect("cargo metadata of this workspace");
    let mut seen = BTreeSet::new();
    for package in &metadata.packages {
        let Some(allowed) = allowed.get(package.name.as_str()) else { continue };
        seen.insert(package.name.to_string());
        for dependency in &package.dependencies {
            // Of any kind: a test that reaches against the arrows ties the crates together, too.
            if dependency.name.starts_with("footnote-") {
                assert!(
                    allowed.contains(dependency.name.as_str()),
                    "{} must not depend on {}, not even to be built or tested: see ARCHITECTURE.md",
                    package.name,
                    dependency.name
                );
            }
        }
    }
    assert_eq!(seen.len(), allowed.len(), "a crate of the map is missing: {seen:?}");
}
