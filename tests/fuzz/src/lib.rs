//! One reader under any bytes: it must not panic, and what it finds must fit a row.

use std::io::Cursor;

use treering::evidence::attribute::Attribute;
use treering::evidence::formats::Reader;
use treering::evidence::formats::source::Source;
use treering::evidence::media_type::Head;
use treering::evidence::path::RowPath;

/// Reads the bytes with one reader, whatever they are.
pub fn read(reader: Reader, media_type: &str, name: &str, bytes: &[u8]) {
    let mut file = Cursor::new(bytes);
    let head = Head { bytes: &[], more: !bytes.is_empty() };
    let mut source = Source::new(name.as_bytes(), head, bytes.len() as u64, &mut file);
    let facts = reader.read(media_type, &mut source).expect("bytes in memory can be read");
    let path = RowPath::new(b"a").expect("a path");
    for attribute in Attribute::of_file(&path, "text/plain", &facts) {
        assert_eq!(Attribute::read(attribute.name(), attribute.value()), Ok(attribute));
    }
}
