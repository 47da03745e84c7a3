//! What servers send, read out of the bytes that have arrived.

/// A WebSocket frame of a server.
pub struct Frame<'a> {
    /// Its opcode.
    pub opcode: u8,
    /// What it carries.
    pub payload: &'a [u8],
}

pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;

/// The first frame, and what is behind it; `None` when it is not all there.
pub fn frame(bytes: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = match length & 0x7f {
        126 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (u64::from(u16::from_be_bytes(*length)), rest)
        }
        127 => {
            let (length, rest) = rest.split_first_chunk::<8>()?;
            (u64::from_be_bytes(*length), rest)
        }
        length => (u64::from(length), rest),
    };
    let (payload, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((Frame { opcode: first & 0x0f, payload }, rest))
}

/// A frame of a client, masked with zeros.
pub fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap_or(125).min(125);
    let mut frame = vec![0x80 | opcode, 0x80 | length, 0, 0, 0, 0];
    frame.extend(payload.iter().take(usize::from(length)));
    frame
}

/// Something that NATS says.
pub enum Said<'a> {
    /// A message.
    Message(&'a [u8]),
    /// That it wants an answer.
    Ping,
    /// An answer.
    Pong,
    /// Something else.
    Other,
}

/// The first thing that NATS says, and what is behind it; `None` when it is not all there.
pub fn said(bytes: &[u8]) -> Option<(Said<'_>, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end + 1)?;
    if line.starts_with(b"MSG ") {
        let size = line.trim_ascii_end().rsplit(|byte| *byte == b' ').next()?;
        let size: usize = std::str::from_utf8(size).ok()?.parse().ok()?;
        let (message, rest) = rest.split_at_checked(size + 2)?;
        return Some((Said::Message(message), rest));
    }
    let what = match line {
        b"PING\r\n" => Said::Ping,
        b"PONG\r\n" => Said::Pong,
        _ => Said::Other,
    };
    Some((what, rest))
}

/// The number of an event's frame.
pub fn seq(text: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"\"seq\":";
    let at = text.windows(NAME.len()).position(|window| window == NAME)?;
    let mut digits = text.get(at + NAME.len()..)?.iter().take_while(|byte| byte.is_ascii_digit());
    digits.try_fold(0u64, |number, digit| number.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
}
