//! Databases that this program must not touch, because what they hold would be hidden or lost.

use anyhow::bail;
use tokio_postgres::Client;

/// The history table of the first delivery, and the tables that a second start of it under a role called `messaging`
/// made beside those of the schema `public`.
const FIND: &str = "
SELECT n.nspname::text AS schema, c.relname::text AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND (c.relname = 'messaging_schema_history' OR n.nspname = 'messaging' AND c.relname IN
    ('channels', 'messages', 'channel_members', 'message_reactions', 'channel_events', 'outbox'))
ORDER BY 1, 2";

/// An error that says what was found and what to do, when the database has the layout of the first delivery.
/// Reads only.
pub async fn check(client: &Client) -> anyhow::Result<()> {
    let (mut histories, mut twins) = (Vec::new(), Vec::new());
    for row in client.query(FIND, &[]).await? {
        let (schema, name): (String, String) = (row.try_get("schema")?, row.try_get("name")?);
        match name.as_str() {
            "messaging_schema_history" => histories.push(format!("{}.{name}", quoted(&schema))),
            _ => {
                let sql = format!("SELECT EXISTS (SELECT FROM messaging.{name})");
                let has_rows: bool = client.query_one(&sql, &[]).await?.try_get(0)?;
                twins.push((format!("messaging.{name}"), has_rows));
            }
        }
    }
    match explanation(&histories, &twins) {
        Some(text) => bail!(text),
        None => Ok(()),
    }
}

/// What to say about these history tables of the first delivery, and about these twins and whether they have rows.
fn explanation(histories: &[String], twins: &[(String, bool)]) -> Option<String> {
    if histories.is_empty() && twins.is_empty() {
        return None;
    }
    let named = |has_rows: bool| -> Vec<&str> {
        twins.iter().filter(|(_, has)| *has == has_rows).map(|(name, _)| name.as_str()).collect()
    };
    let (full, empty) = (named(true).join(", "), named(false).join(", "));
    let mut text = "nothing was changed, because this database needs a decision.\n".to_owned();
    if !histories.is_empty() {
        text += &format!(
            "Found: {}, the history of the first delivery, whose layout this version does not continue.\n",
            histories.join(", ")
        );
    }
    if !twins.is_empty() {
        text += "Found: twins of the index's tables in the schema messaging, which a second start under a role called \
                 messaging has made; they hide the rows of the schema public. ";
        text += &match (empty.is_empty(), full.is_empty()) {
            (false, true) => format!("All of them are empty: {empty}.\n"),
            (true, _) => format!("They have rows of their own: {full}.\n"),
            (false, false) => format!("Empty: {empty}. With rows of their own: {full}.\n"),
        };
    }
    text += "For the local stack, start over: cargo dev up --fresh\n";
    text += "For a database whose rows are worth keeping, make a backup, stop everything that writes to it, then:\n";
    if !full.is_empty() {
        text += &format!("  move the rows of {full} into the tables of the same names in public\n");
    }
    if !empty.is_empty() {
        text += &format!("  DROP TABLE {empty} CASCADE;\n");
    }
    if !histories.is_empty() {
        let drop: String = histories.iter().map(|history| format!("  DROP TABLE {history};\n")).collect();
        text += &drop;
        text += "  DROP SCHEMA messaging CASCADE;\n";
    }
    text += "  ws-relay migrate\n";
    text += "That keeps channels, messages, members, reactions, the audit log and the outbox of the schema public, and \
             forgets webhook subscriptions, recent Idempotency-Keys and which rooms a channel had before an upgrade.";
    Some(text)
}

fn quoted(identifier: &str) -> String {
    let plain = identifier.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain { identifier.to_owned() } else { format!("\"{}\"", identifier.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explain(histories: &[&str], twins: &[(&str, bool)]) -> Option<String> {
        let histories: Vec<String> = histories.iter().map(|&name| name.to_owned()).collect();
        let twins: Vec<(String, bool)> = twins.iter().map(|&(name, full)| (name.to_owned(), full)).collect();
        explanation(&histories, &twins)
    }

    #[test]
    fn only_empty_twins_are_to_be_dropped() {
        let text = explain(&["public.h"], &[("messaging.channels", true), ("messaging.outbox", false)]).unwrap();
        assert!(text.contains("DROP TABLE messaging.outbox CASCADE;"), "{text}");
        assert!(text.contains("move the rows of messaging.channels into"), "{text}");
        assert!(!text.contains("DROP TABLE messaging.channels"), "{text}");
    }

    #[test]
    fn a_database_of_this_version_needs_no_words() {
        assert_eq!(explain(&[], &[]), None);
        assert_eq!(quoted("My schema"), "\"My schema\"");
    }
}
