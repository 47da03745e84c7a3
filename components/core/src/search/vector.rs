//! The literal of a `tsvector`, within what PostgreSQL takes.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{MAX_POSITION, MAX_POSITIONS, MAX_VECTOR};

/// What PostgreSQL stores for a lexeme beside its text, and for a position, in bytes.
const LEXEME: usize = 8;
const POSITION: usize = 2;

/// Lexemes with their positions.
#[derive(Default)]
pub(super) struct Vector {
    lexemes: BTreeMap<String, Vec<usize>>,
    bytes: usize,
}

impl Vector {
    /// Adds a lexeme; one for which there is no room any more is left out.
    pub fn add(&mut self, lexeme: String, position: usize) {
        let known = self.lexemes.contains_key(&lexeme);
        let bytes = if known { POSITION } else { lexeme.len() + LEXEME + POSITION };
        if self.bytes + bytes > MAX_VECTOR {
            return;
        }
        let positions = self.lexemes.entry(lexeme).or_default();
        let has_room = (1..=MAX_POSITION).contains(&position) && positions.len() < MAX_POSITIONS;
        let is_new = has_room && positions.last() != Some(&position);
        if is_new {
            positions.push(position);
        }
        if is_new || !known {
            self.bytes += bytes;
        }
    }

    pub fn literal(&self) -> String {
        let mut literal = String::new();
        for (lexeme, positions) in &self.lexemes {
            if !literal.is_empty() {
                literal.push(' ');
            }
            quote(lexeme, &mut literal);
            for (at, position) in positions.iter().enumerate() {
                // Writing to a text cannot fail.
                let _ = write!(literal, "{}{position}", if at == 0 { ':' } else { ',' });
            }
        }
        literal
    }
}

/// A lexeme as a literal of `tsvector` or `tsquery` has it.
pub(super) fn quote(lexeme: &str, literal: &mut String) {
    literal.push('\'');
    for c in lexeme.chars() {
        match c {
            '\'' => literal.push_str("''"),
            '\\' => literal.push_str("\\\\"),
            // PostgreSQL cannot store it; no word has it, an address ends before it.
            '\0' => literal.push('\u{fffd}'),
            other => literal.push(other),
        }
    }
    literal.push('\'');
}
