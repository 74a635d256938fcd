//! Single property modifiers: what the properties of a DOC's styles, paragraphs and characters are made of.

use crate::parse::compound::u16_at;

/// The modifier that defines the cells of a row.
pub(super) const TABLE_DEFINITION: u16 = 0xd608;

/// Codes with their operands, up to where the bytes are cut short.
pub(super) struct Modifiers<'b>(pub(super) &'b [u8]);

impl<'b> Iterator for Modifiers<'b> {
    type Item = (u16, &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let code = u16_at(self.0, 0)?;
        let rest = self.0.get(2..)?;
        let length = match code >> 13 {
            0 | 1 => 1,
            2 | 4 | 5 => 2,
            3 => 4,
            7 => 3,
            // Table definitions have two bytes of length that count one too many.
            _ if code == TABLE_DEFINITION => usize::from(u16_at(rest, 0).unwrap_or(0)) + 1,
            _ => rest.first().map_or(1, |&length| usize::from(length) + 1),
        };
        let (operand, rest) = rest.split_at(length.min(rest.len()));
        self.0 = rest;
        Some((code, operand))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_are_as_long_as_their_codes_say() {
        let bytes = [0x16, 0x24, 1, 0x0b, 0x46, 2, 0, 0x08, 0xd6, 3, 0, 9, 8, 0x0d, 0xc6, 1, 7, 0x3c, 0x08];
        let read: Vec<_> = Modifiers(&bytes).collect();
        let expected: [(u16, &[u8]); 5] =
            [(0x2416, &[1]), (0x460b, &[2, 0]), (0xd608, &[3, 0, 9, 8]), (0xc60d, &[1, 7]), (0x083c, &[])];
        assert_eq!(read, expected);
    }
}
