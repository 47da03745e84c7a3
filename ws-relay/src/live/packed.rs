//! Texts as WebSocket frames of a server (RFC 6455, section 5.2): whole, and without a mask.

use bytes::{BufMut, Bytes, BytesMut};

/// The end of a message, and that it is a text.
const WHOLE_TEXT: u8 = 0x81;
/// What stands before a text at most.
const HEAD: usize = 10;

/// The texts as frames, one behind the other.
pub fn pack<'a>(texts: impl Iterator<Item = &'a str> + Clone) -> Bytes {
    let mut packed = BytesMut::with_capacity(texts.clone().map(|text| text.len() + HEAD).sum());
    for text in texts {
        packed.put_u8(WHOLE_TEXT);
        match (u8::try_from(text.len()), u16::try_from(text.len())) {
            (Ok(length @ ..=125), _) => packed.put_u8(length),
            (_, Ok(length)) => {
                packed.put_u8(126);
                packed.put_u16(length);
            }
            _ => {
                packed.put_u8(127);
                packed.put_u64(u64::try_from(text.len()).unwrap_or(u64::MAX));
            }
        }
        packed.put_slice(text.as_bytes());
    }
    packed.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use tungstenite::protocol::{Role, WebSocketContext};

    #[test]
    fn a_client_reads_texts_of_every_length() {
        let texts: Vec<_> = [0, 1, 125, 126, 127, 65_535, 65_536, 100_000].map(|length| "ї".repeat(length / 2)).into();
        let mut stream = Cursor::new(pack(texts.iter().map(String::as_str)).to_vec());
        let mut client = WebSocketContext::new(Role::Client, None);
        for text in &texts {
            assert_eq!(client.read(&mut stream).unwrap().into_text().unwrap().as_str(), text);
        }
        for length in [125, 126, 65_535, 65_536] {
            let text = "x".repeat(length);
            let mut stream = Cursor::new(pack([text.as_str()].into_iter()).to_vec());
            let mut client = WebSocketContext::new(Role::Client, None);
            assert_eq!(client.read(&mut stream).unwrap().into_text().unwrap().as_str(), text);
        }
    }
}
