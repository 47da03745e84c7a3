//! Whether the role may do what a relay does.

use super::QUESTION;
use super::report::Lines;
use crate::migrate::grants::{RELAY_CALLS, RELAY_TABLES, RELAY_USES, SHARED_CALLS};
use tokio::time::timeout;
use tokio_postgres::Client;

const CHECK: &str = "database.rights";

/// Rights to tables that are missing. A table that is missing itself is named, too.
const TABLES: &str = "
SELECT w.privilege || ' ON ' || w.name || CASE w.part WHEN '' THEN '' ELSE ' (' || w.part || ')' END
FROM unnest($1::text[], $2::text[], $3::text[]) AS w(name, part, privilege)
WHERE NOT coalesce(CASE w.part
    WHEN '' THEN has_table_privilege(to_regclass(w.name), w.privilege)
    ELSE has_column_privilege(to_regclass(w.name), w.part, w.privilege) END, false)
ORDER BY 1";

/// Functions that are missing, or that it may not call.
const FUNCTIONS: &str = "
SELECT 'EXECUTE ON messaging.' || w.name FROM unnest($1::text[]) AS w(name)
WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = to_regnamespace('messaging')
                  AND p.proname = w.name AND has_function_privilege(p.oid, 'EXECUTE'))
ORDER BY 1";

/// Says what is missing.
pub async fn look(lines: &mut Lines, client: &Client) {
    let missing = async {
        let part = |of: fn(&(&'static str, &'static str, &'static str)) -> &'static str| -> Vec<&str> {
            RELAY_TABLES.iter().map(of).collect()
        };
        let (names, parts, privileges) = (part(|grant| grant.0), part(|grant| grant.1), part(|grant| grant.2));
        let mut rows = client.query(TABLES, &[&names, &parts, &privileges]).await?;
        let calls: Vec<&str> = RELAY_CALLS.iter().chain(&SHARED_CALLS).chain(&RELAY_USES).copied().collect();
        rows.extend(client.query(FUNCTIONS, &[&calls]).await?);
        rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()
    };
    match timeout(QUESTION, missing).await {
        Ok(Ok(missing)) if missing.is_empty() => lines.ok(CHECK, "the role may do what a relay does"),
        Ok(Ok(missing)) => {
            let some: Vec<_> = missing.iter().take(3).map(String::as_str).collect();
            let more = missing.len().saturating_sub(some.len());
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            lines.fault(
                CHECK,
                format!("the role lacks {}{more}", some.join(", ")),
                "Run ws-relay migrate, with RELAY_ROLE where the role is not called messaging_relay.",
            );
        }
        Ok(Err(e)) => lines.fault(CHECK, format!("they cannot be read: {e}"), "Look at what it says."),
        Err(_) => lines.fault(CHECK, "the database does not answer", "Look at its log, and at what runs in it."),
    }
}
