//! The rules for texts as regular expressions of JSON Schema, written so that ECMAScript and Python read them alike: no
//! `\p{…}`, and no characters beyond U+FFFF, so they say a little less than the code does.

/// What acts or hides wherever it stands, but line breaks and tabs.
macro_rules! forbidden {
    () => {
        concat!(
            r"\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B\u200E\u200F\u2028-\u202E",
            r"\u2060-\u206F\u3164\uFDD0-\uFDEF\uFEFF\uFFA0\uFFF0-\uFFFB\uFFFE\uFFFF"
        )
    };
}

/// What is not seen by itself.
macro_rules! unseen {
    () => {
        r"\s\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200C\u200D\u2800\uFE00-\uFE0F"
    };
}

/// A character that one can see.
macro_rules! seen {
    () => {
        concat!("[^", forbidden!(), unseen!(), "]")
    };
}

/// [`super::is_line`].
macro_rules! line {
    () => {
        concat!(
            "^(?=.*",
            seen!(),
            ")(?:[^\\n\\r\\t\\u200C\\u200D",
            forbidden!(),
            "]|",
            seen!(),
            r"[\uFE00-\uFE0F]?[\u200C\u200D](?=",
            seen!(),
            "))+$"
        )
    };
}

/// One line that one can see.
pub const LINE: &str = line!();
/// The same, or nothing, which takes the field away.
pub const LINE_OR_NOTHING: &str = concat!("^$|", line!());
/// Lines that one can see, or nothing.
pub const LINES_OR_NOTHING: &str = concat!("^$|^[^", forbidden!(), "]*", seen!(), "[^", forbidden!(), "]*$");
/// A message: anything that PostgreSQL can store.
pub const MESSAGE: &str = r"^[^\u0000]*$";
/// [`super::is_mxc`].
pub const MXC: &str = r"^mxc://[A-Za-z0-9\[][A-Za-z0-9.:\[\]-]*/[A-Za-z0-9_-]+$";
/// A media type without parameters (RFC 6838, section 4.2), in small letters.
pub const MEDIA_TYPE: &str = r"^[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*$";
/// The digits of a BlurHash.
pub const BLURHASH: &str = r"^[A-Za-z0-9#$%*+,.:;=?@\[\]^_{|}~-]*$";
/// The name of a file: one line that one can see, without a path.
pub const FILE_NAME: &str = concat!(r"^(?!\.{1,2}$)(?=[^/\\]*$)", line!());
