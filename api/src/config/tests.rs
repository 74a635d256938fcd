//! What the layers make of each other, and what errors say.

use figment::providers::Serialized;

use super::*;

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::with(variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    fs_err::write(file.path(), text).unwrap();
    file
}

fn no_flags() -> Serialized<Dict> {
    Serialized::defaults(Dict::new())
}

#[test]
fn each_layer_overrides_the_one_before() {
    let file = file("[server]\nbind = \"0.0.0.0:1\"\nshutdown_seconds = 1\n[ingest]\nworkers = 3\n");
    let environment = environment(&[
        ("FOOTNOTE__SERVER__BIND", "0.0.0.0:2"),
        ("FOOTNOTE__SERVER__SHUTDOWN_SECONDS", "2"),
        ("FOOTNOTE_TEST_QDRANT_URL", "not a setting"),
    ]);
    let flags = Serialized::default("server.bind", "0.0.0.0:3");
    let config = Config::load(Some(file.path()), &environment, flags).unwrap();
    assert_eq!(config.server.bind.port(), 3);
    assert_eq!(config.server.shutdown_seconds, 2);
    assert_eq!(config.ingest.workers, 3);
    assert_eq!(config.server.max_upload_bytes, ServerConfig::default().max_upload_bytes);
}

#[test]
fn an_unknown_key_is_named_with_its_source() {
    let file = file("[server]\nbnd = \"0.0.0.0:1\"\n");
    let error = Config::load(Some(file.path()), &environment(&[]), no_flags()).unwrap_err().to_string();
    assert!(error.contains("server.bnd"), "{error}");
    assert!(error.contains(&file.path().file_name().unwrap().to_string_lossy().into_owned()), "{error}");
    assert!(error.contains("max_upload_bytes"), "the known keys are listed: {error}");

    for name in ["FOOTNOTE__SERVER__BND", "FOOTNOTE__SEVER__BIND", "FOOTNOTE__BIND"] {
        let environment = environment(&[(name, "x")]);
        let error = Config::load(None, &environment, no_flags()).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn a_bad_value_is_named_with_its_source() {
    let environment = environment(&[("FOOTNOTE__SERVER__BIND", "localhost")]);
    let error = Config::load(None, &environment, no_flags()).unwrap_err().to_string();
    assert!(error.contains("server.bind") && error.contains("FOOTNOTE__SERVER__BIND"), "{error}");

    let zero = Serialized::default("ingest.workers", 0);
    let error = Config::load(None, &Environment::default(), zero).unwrap_err().to_string();
    assert!(error.contains("ingest.workers"), "{error}");

    let server = Serialized::default("vector.backend", "server");
    let error = Config::load(None, &Environment::default(), server).unwrap_err().to_string();
    assert!(error.contains("vector.url"), "{error}");
}

#[test]
fn a_named_file_must_exist_and_be_toml() {
    let missing = Path::new("no-such-footnote.toml");
    let error = Config::load(Some(missing), &Environment::default(), no_flags()).unwrap_err().to_string();
    assert!(error.contains("no-such-footnote.toml"), "{error}");
    let broken = file("[server\nbind");
    assert!(Config::load(Some(broken.path()), &Environment::default(), no_flags()).is_err());
}

#[test]
fn models_lie_in_the_users_cache() {
    let home = Config::defaults(&environment(&[("HOME", "/home/ann")]));
    assert_eq!(home.models.folder, Path::new("/home/ann/.cache/footnote/models"));
    let xdg = Config::defaults(&environment(&[("HOME", "/home/ann"), ("XDG_CACHE_HOME", "/cache")]));
    assert_eq!(xdg.models.folder, Path::new("/cache/footnote/models"));
    let relative = Config::defaults(&environment(&[("HOME", "/home/ann"), ("XDG_CACHE_HOME", "cache")]));
    assert_eq!(relative.models.folder, home.models.folder);
}

#[test]
fn the_generator_can_be_none() {
    let environment = environment(&[("FOOTNOTE__MODELS__GENERATOR", "none")]);
    let config = Config::load(None, &environment, no_flags()).unwrap();
    assert_eq!(config.models.generator.id(), None);
    assert_eq!(Config::default().models.generator.id(), Some("qwen2.5-coder-1.5b-instruct"));
}

#[test]
fn secrets_are_never_shown() {
    let environment = environment(&[
        ("FOOTNOTE__VECTOR__API_KEY", "hush-hush"),
        ("FOOTNOTE__VECTOR__URL", "https://ann:hush-hush@qdrant.example:6334/x"),
    ]);
    let config = Config::load(None, &environment, no_flags()).unwrap();
    assert_eq!(config.vector.api_key.as_ref().unwrap().reveal(), "hush-hush");
    let shown = toml::to_string(&config.redacted()).unwrap();
    assert!(!shown.contains("hush-hush"), "{shown}");
    assert!(shown.contains("https://ann:(hidden)@qdrant.example:6334/x"), "{shown}");
    assert!(!format!("{:?}", config.redacted()).contains("hush-hush"));
}

#[test]
fn a_secret_of_digits_is_taken_as_it_is_and_no_error_quotes_one() {
    for secret in ["0012345678", "12345678", "true", "1e9", "[x]", "\"quoted\""] {
        let environment = environment(&[("FOOTNOTE__VECTOR__API_KEY", secret)]);
        let config = Config::load(None, &environment, no_flags()).unwrap();
        assert_eq!(config.vector.api_key.unwrap().reveal(), secret);
    }
    let digits = file("[vector]\napi_key = 12345678\n");
    let config = Config::load(Some(digits.path()), &environment(&[]), no_flags()).unwrap();
    assert_eq!(config.vector.api_key.unwrap().reveal(), "12345678");
    for wrong in ["12345678.5", "[12345678]"] {
        let file = file(&format!("[vector]\napi_key = {wrong}\n"));
        let error = Config::load(Some(file.path()), &environment(&[]), no_flags()).unwrap_err().to_string();
        assert!(error.contains("vector.api_key") && !error.contains("12345678"), "{error}");
    }
}

#[test]
fn an_address_is_shown_without_what_may_be_secret() {
    for (url, shown) in [
        ("https://host:6334/x", "https://host:6334/x"),
        ("https://ann:pass@host/x", "https://ann:(hidden)@host/x"),
        ("https://token@host", "https://(hidden)@host"),
        ("https://host/x?api_key=secret#y", "https://host/x?(hidden)"),
        ("host?key=secret", "host?(hidden)"),
    ] {
        assert_eq!(without_password(url), shown);
    }
}

#[test]
fn the_printed_configuration_loads_again() {
    let printed = toml::to_string(&Config::default().redacted()).unwrap();
    let file = file(&printed);
    let again = Config::load(Some(file.path()), &Environment::default(), no_flags()).unwrap();
    assert_eq!(again, Config::default());
}
