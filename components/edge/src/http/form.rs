//! Forms with a file (RFC 7578), read as they come.

use super::body::Chunks;
use crate::Request;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::header;
use messaging_core::problem::Problem;
use multer::{Constraints, Field, Multipart, SizeLimit};
use std::sync::{Arc, Mutex};

/// How much room boundaries, part headers and fields in front of the file may take, in bytes.
pub const MAX_FORM_BYTES: u64 = 64 * 1024;
/// How many parts are read to find the file.
const MAX_PARTS: usize = 16;
/// A form up to this size is read as a whole, in bytes: then the file may stand anywhere in it.
const SMALL: u64 = 256 * 1024;

/// The file of a form.
pub struct FormFile {
    /// As the form has it.
    pub name: Option<String>,
    /// As the form has it.
    pub content_type: Option<String>,
    /// In bytes. Where the file turns out to have another size, `chunks` fails before its last piece.
    pub size: u64,
    /// Its bytes.
    pub chunks: Chunks,
}

/// Whether a part of a form is the file.
pub type IsFile = fn(&Field<'_>) -> bool;

/// Whether a request's body is a form.
pub fn is_form(request: &Request) -> bool {
    let kind = request.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
    kind.get(.."multipart/".len()).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/"))
}

/// The boundary of a form.
pub fn boundary(request: &Request) -> Result<String, Problem> {
    let boundary = request.header(header::CONTENT_TYPE.as_str()).and_then(|value| multer::parse_boundary(value).ok());
    boundary.ok_or_else(|| Problem::invalid_form("it must be multipart/form-data with a boundary"))
}

/// Finds the file of a form of `length` bytes. A large form's file has to be its last part: its size, which the homeserver
/// is told first, is known only so.
pub async fn file_of_form(request: Request, length: u64, is_file: IsFile) -> Result<FormFile, Problem> {
    let boundary = boundary(&request)?;
    let beginning = Arc::new(Mutex::new(BytesMut::new()));
    let recorded = Arc::clone(&beginning);
    let chunks = request.into_exactly(length).inspect(move |chunk| {
        if let (Ok(chunk), Ok(mut recorded)) = (chunk, recorded.lock())
            && recorded.len() as u64 <= MAX_FORM_BYTES
        {
            recorded.extend_from_slice(chunk);
        }
    });
    let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(length));
    let mut form = Multipart::with_constraints(chunks, boundary.clone(), limits);
    for number in 0..MAX_PARTS {
        let Some(mut field) = form.next_field().await.map_err(unreadable)? else { break };
        if !is_file(&field) {
            continue;
        }
        let (name, content_type) =
            (field.file_name().map(str::to_owned), field.content_type().map(ToString::to_string));
        if length <= SMALL {
            let mut whole = BytesMut::new();
            while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
                whole.extend_from_slice(&chunk);
            }
            let (size, whole) = (whole.len() as u64, whole.freeze());
            return Ok(FormFile { name, content_type, size, chunks: one(whole) });
        }
        let start = beginning.lock().ok().and_then(|beginning| start_of_part(&beginning, &boundary, number));
        let start = start.ok_or_else(|| Problem::invalid_form("there is too much in front of its file"))?;
        let size = length.checked_sub(start + end_of_form(&boundary));
        let size = size.ok_or_else(|| Problem::invalid_form("it has no end"))?;
        return Ok(FormFile { name, content_type, size, chunks: exactly(form, field, size) });
    }
    Err(Problem::invalid_form("it has no file"))
}

fn one(chunk: Bytes) -> Chunks {
    Box::pin(futures_util::stream::iter([Ok(chunk)]))
}

/// The bytes of a field, which has to have `size` of them and to be the last one. A piece goes on only when it is known
/// that another one follows, or that all is as it was said: whoever gets it never has a whole file of a wrong form.
fn exactly(form: Multipart<'static>, field: Field<'static>, size: u64) -> Chunks {
    let state = (form, field, None::<Bytes>, size, false);
    Box::pin(futures_util::stream::try_unfold(state, |(form, mut field, held, left, is_done)| async move {
        if is_done {
            return Ok(None);
        }
        let (mut held, mut left) = (held, left);
        loop {
            match field.chunk().await.map_err(unreadable)? {
                Some(chunk) => {
                    left = left.checked_sub(chunk.len() as u64).ok_or_else(goes_on)?;
                    if let Some(before) = held.replace(chunk) {
                        return Ok(Some((before, (form, field, held, left, false))));
                    }
                }
                None if left > 0 => return Err(goes_on()),
                None => return Ok(held.take().map(|last| (last, (form, field, None, 0, true)))),
            }
        }
    }))
}

fn goes_on() -> Problem {
    Problem::invalid_form(
        "its file must be the last part, with nothing behind it but the closing boundary and a line break",
    )
}

/// Where the content of a part begins, counted from 0, in the beginning of a form.
fn start_of_part(form: &[u8], boundary: &str, number: usize) -> Option<u64> {
    let find = |from: usize, what: &[u8]| {
        let rest = form.get(from..)?;
        rest.windows(what.len()).position(|window| window == what).map(|at| from + at + what.len())
    };
    let delimiter = format!("--{boundary}");
    let mut at = 0;
    for _ in 0..=number {
        at = find(at, delimiter.as_bytes())?;
        at = find(at, b"\r\n\r\n")?;
    }
    Some(at as u64)
}

/// `\r\n--boundary--\r\n`
fn end_of_form(boundary: &str) -> u64 {
    boundary.len() as u64 + 8
}

/// What the reader of a form fails with.
pub fn unreadable(error: multer::Error) -> Problem {
    match error {
        // From the chunks of the body.
        multer::Error::StreamReadFailed(inner) => match inner.downcast::<Problem>() {
            Ok(problem) => *problem,
            Err(other) => Problem::incomplete_body().with_internal_message(other),
        },
        multer::Error::IncompleteStream | multer::Error::IncompleteFieldData { .. } => Problem::incomplete_body(),
        other => Problem::invalid_form(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_part_is_found() {
        let form = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b\r\nX: y\r\n\r\nfile";
        assert_eq!(start_of_part(form, "b", 0), Some(49));
        assert_eq!(start_of_part(form, "b", 1), Some(form.len() as u64 - 4));
        assert_eq!(start_of_part(form, "b", 2), None);
        assert_eq!(start_of_part(b"", "b", 0), None);
        assert_eq!(end_of_form("b"), "\r\n--b--\r\n".len() as u64);
    }

    fn form(content: &'static [u8]) -> (Multipart<'static>, u64) {
        let mut whole = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n".to_vec();
        let start = whole.len() as u64;
        whole.extend(content);
        let length = whole.len() as u64;
        let pieces: Vec<_> = whole.chunks(3).map(|piece| Ok::<_, Problem>(Bytes::copy_from_slice(piece))).collect();
        (Multipart::new(futures_util::stream::iter(pieces), "b"), length - start)
    }

    fn read(content: &'static [u8], end: u64) -> (Vec<u8>, Option<&'static str>) {
        let (mut form, length) = form(content);
        let field = now(form.next_field()).unwrap().unwrap();
        let mut chunks = exactly(form, field, length - end);
        let mut read = Vec::new();
        loop {
            match now(chunks.next()) {
                Some(Ok(chunk)) => read.extend(chunk),
                Some(Err(problem)) => return (read, Some(problem.code)),
                None => return (read, None),
            }
        }
    }

    /// The result of a future that never waits.
    fn now<T>(future: impl Future<Output = T>) -> T {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(value) => value,
            std::task::Poll::Pending => panic!("it waits"),
        }
    }

    #[test]
    fn a_file_is_whole_or_it_fails_before_its_last_piece() {
        assert_eq!(read(b"0123456789\r\n--b--\r\n", end_of_form("b")), (b"0123456789".to_vec(), None));
        for wrong in [
            &b"0123456789\r\n--b--"[..],
            b"0123456789\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n",
            b"0123456789",
        ] {
            let (read, code) = read(wrong, end_of_form("b"));
            assert!(code.is_some() && read.len() < 10, "{read:?} of {wrong:?}");
        }
    }
}
