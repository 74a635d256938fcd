//! The compressed RTF that Outlook keeps of a message's text (\[MS-OXRTFCP\]).

/// What the dictionary holds before the first byte.
const DICTIONARY: &[u8] =
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \
\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \
\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
const DICTIONARY_BYTES: usize = 4096;
const HEADER_BYTES: usize = 16;
const COMPRESSED: &[u8] = b"LZFu";
const PLAIN: &[u8] = b"MELA";

/// The RTF within `bytes`, as far as it goes; `None` where they are none or inflate to more than `most` bytes.
pub(super) fn inflate(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let (header, content) = bytes.split_at_checked(HEADER_BYTES)?;
    match header.get(8..12)? {
        PLAIN => (content.len() <= most).then(|| content.to_vec()),
        COMPRESSED => inflate_content(content, most),
        _ => None,
    }
}

fn inflate_content(content: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut dictionary = Dictionary::new();
    let mut out = Vec::new();
    let mut bytes = content.iter().copied();
    'runs: while let Some(control) = bytes.next() {
        for bit in 0..8 {
            if control >> bit & 1 == 0 {
                let Some(byte) = bytes.next() else { break 'runs };
                dictionary.push(byte);
                out.push(byte);
            } else {
                let (Some(high), Some(low)) = (bytes.next(), bytes.next()) else { break 'runs };
                let reference = usize::from(u16::from_be_bytes([high, low]));
                let (offset, length) = (reference >> 4, (reference & 0xf) + 2);
                // What refers to the place that is written next is the end.
                if offset == dictionary.next {
                    break 'runs;
                }
                for at in offset..offset + length {
                    let byte = dictionary.bytes[at % DICTIONARY_BYTES];
                    dictionary.push(byte);
                    out.push(byte);
                }
            }
        }
        if out.len() > most {
            return None;
        }
    }
    (out.len() <= most).then_some(out)
}

/// The last bytes that were written, in a ring.
struct Dictionary {
    bytes: [u8; DICTIONARY_BYTES],
    next: usize,
}

impl Dictionary {
    fn new() -> Self {
        let mut bytes = [0; DICTIONARY_BYTES];
        bytes[..DICTIONARY.len()].copy_from_slice(DICTIONARY);
        Self { bytes, next: DICTIONARY.len() }
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.next] = byte;
        self.next = (self.next + 1) % DICTIONARY_BYTES;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The first example of \[MS-OXRTFCP\].
    const EXAMPLE: &[u8] =
        b"\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\x00\x0a\x00rcpg125B2\x0a\xf3 hel\x09\x00 bw\
        \x05\xb0ld}\x0a\x80\x0f\xa0";

    /// RTF in its uncompressed form.
    pub(in crate::parse::mail) fn stored(rtf: &str) -> Vec<u8> {
        [&[0; 8], PLAIN, &[0; 4], rtf.as_bytes()].concat()
    }

    #[test]
    fn the_examples_of_the_specification_are_read() {
        assert_eq!(DICTIONARY.len(), 207);
        let hello = b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n";
        assert_eq!(inflate(EXAMPLE, 100).as_deref(), Some(&hello[..]));
        // A reference that runs into what it writes itself.
        let repeats = b"\x1a\0\0\0\x1c\0\0\0LZFu\xe2\xd4\x4b\x51\x41\x00\x04\x20WXYZ\x0d\x6e\x7d\x01\x0e\xb0";
        assert_eq!(inflate(repeats, 100).as_deref(), Some(&b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"[..]));
        assert_eq!(inflate(&stored("{x}"), 3).as_deref(), Some(&b"{x}"[..]));
    }

    #[test]
    fn damage_is_read_as_far_as_it_goes_and_length_is_bounded() {
        assert_eq!(inflate(EXAMPLE, 20), None);
        assert_eq!(inflate(&stored("{x}"), 2), None);
        for end in 0..EXAMPLE.len() {
            let cut = inflate(&EXAMPLE[..end], 100);
            assert_eq!(cut.is_some(), end >= HEADER_BYTES, "{end}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            inflate(&bytes, 1_000);
            let compressed = [&[0; 8], COMPRESSED, &[0; 4], &bytes].concat();
            proptest::prop_assert!(inflate(&compressed, 1_000).is_none_or(|rtf| rtf.len() <= 1_000));
        }
    }
}
