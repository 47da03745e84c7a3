//! What search makes of texts and queries: reads a JSON object `{"text", "query"}` a line, writes one with the literals for
//! PostgreSQL, and with what a caller would be shown. The tests of the index give both to PostgreSQL and compare.

use std::error::Error;
use std::io::{BufWriter, Write, stdin, stdout};

use messaging_core::search::{MAX_EXCERPT, analyse, excerpt, highlights, parse};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Case {
    text: String,
    query: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(stdout().lock());
    for line in stdin().lines() {
        let case: Case = serde_json::from_str(&line?)?;
        let (analysis, query) = (analyse(&case.text), parse(&case.query));
        let places = highlights(&analysis, &query);
        let answer = json!({
            "vector": analysis.vector(),
            "has_link": analysis.has_link(),
            "tsquery": query.tsquery(),
            "index_tsquery": query.index_tsquery(),
            "matches": query.matches(&analysis),
            "is_selective": query.is_selective(),
            "filters": query.filters,
            "hints": query.hints,
            "excerpt": excerpt(&case.text, &places, MAX_EXCERPT).text,
            "highlights": places,
        });
        writeln!(out, "{answer}")?;
    }
    Ok(())
}
