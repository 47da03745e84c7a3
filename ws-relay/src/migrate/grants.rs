//! Rights in the database: what each role is to have is compared with what it has, and only a difference is written.

use super::roles::quoted;
use std::collections::BTreeSet;
use tokio_postgres::Transaction;

/// A right to a table: its name, a column or nothing for all of them, and the privilege.
pub type Grant = (&'static str, &'static str, &'static str);

/// What a relay does itself in tables.
pub const RELAY_TABLES: &[Grant] = &[
    // Publishes, tells again and cleans up.
    ("public.outbox", "", "SELECT"),
    ("public.outbox", "", "DELETE"),
    ("public.outbox", "published_at", "UPDATE"),
    ("public.outbox", "stream_seq", "UPDATE"),
    ("public.outbox", "set_aside_at", "UPDATE"),
    ("public.outbox", "personal", "UPDATE"),
    ("public.outbox_id_seq", "", "SELECT"),
    // What the stream has, and what it has to get again.
    ("messaging.event_stream", "", "SELECT"),
    ("messaging.event_stream", "", "INSERT"),
    ("messaging.event_stream", "", "UPDATE"),
    ("messaging.refills", "", "SELECT"),
    ("messaging.refills", "", "INSERT"),
    ("messaging.refills", "", "UPDATE"),
    ("messaging.refills", "", "DELETE"),
    // Who may read, and how far a channel is.
    ("public.channels", "", "SELECT"),
    ("public.channel_members", "", "SELECT"),
    // Which version the database is at.
    ("messaging.schema_history", "version", "SELECT"),
    ("messaging.applied_functions", "", "SELECT"),
    // What the metrics count.
    ("messaging.set_aside_events", "set_aside_at", "SELECT"),
    ("messaging.webhook_deliveries", "id", "SELECT"),
    ("messaging.gateway_subscriptions", "dropped", "SELECT"),
    ("messaging.rate_limit_hits", "", "SELECT"),
];

/// Functions like those of the components that only a relay calls.
pub const RELAY_CALLS: [&str; 20] = [
    "delete_old_rows",
    "list_due_deliveries",
    "claim_deliveries",
    "end_delivery",
    "expire_deliveries",
    "list_channels_to_reconcile",
    "are_receipts_due",
    "is_content_due",
    "note_removals",
    "advance_erasure",
    "get_reading",
    "end_typing",
    "count_messages_to_reindex",
    "learn_words",
    "claim_links",
    "take_turn",
    "release_link",
    "record_link",
    "show_link",
    "may_store_picture",
];

/// And what both call.
pub const SHARED_CALLS: [&str; 1] = ["set_typing"];

/// Functions that a relay uses in statements of its own, and what these call. They run with its rights.
pub const RELAY_USES: [&str; 10] = [
    "access",
    "has_claim",
    "is_banned",
    "channel_json",
    "channel_text",
    "json_time",
    "json_string",
    "json_boolean",
    "rfc3339",
    "may_read",
];

/// The tables of the index, and the outbox's sequence, which are not in the schema messaging.
const PUBLIC_TABLES: [&str; 7] =
    ["channels", "messages", "channel_members", "message_reactions", "channel_events", "outbox", "outbox_id_seq"];

/// Whether `p` is a function that is called from outside: it has a refusal and a document.
const IS_CALLED: &str = "coalesce(p.proargnames[cardinality(p.proargnames) - 1:] = '{refusal,document}', false)";

/// What is called from outside runs with its owner's rights, and with a search path that its caller cannot choose.
pub async fn make_definers(transaction: &Transaction<'_>) -> anyhow::Result<bool> {
    let sql = format!(
        "SELECT p.oid::regprocedure::text FROM pg_proc p
         WHERE p.pronamespace = 'messaging'::regnamespace AND {IS_CALLED} AND NOT p.prosecdef"
    );
    let mut alter = String::new();
    for row in transaction.query(&sql, &[]).await? {
        let name: String = row.try_get(0)?;
        alter += &format!("ALTER FUNCTION {name} SECURITY DEFINER SET search_path = pg_catalog, pg_temp;");
    }
    run(transaction, &alter).await
}

/// Nobody calls a function without a right of their own.
pub async fn revoke_from_public(transaction: &Transaction<'_>) -> anyhow::Result<bool> {
    let sql = "SELECT p.oid::regprocedure::text FROM pg_proc p
               WHERE p.pronamespace = 'messaging'::regnamespace AND EXISTS (
                   SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)";
    let mut revoke = String::new();
    for row in transaction.query(sql, &[]).await? {
        let name: String = row.try_get(0)?;
        revoke += &format!("REVOKE ALL ON FUNCTION {name} FROM PUBLIC;");
    }
    run(transaction, &revoke).await
}

/// The role may enter the database and look things up in the schemas, and makes nothing there.
pub async fn of_schemas(transaction: &Transaction<'_>, role: &str, and_public: bool) -> anyhow::Result<bool> {
    let sql = "SELECT has_database_privilege($1, current_database(), 'CONNECT'), current_database()::text,
                      has_schema_privilege($1, 'messaging', 'USAGE'), has_schema_privilege($1, 'public', 'USAGE'),
                      EXISTS (SELECT FROM pg_namespace n, aclexplode(n.nspacl) a JOIN pg_roles r ON r.oid = a.grantee
                              WHERE n.nspname = 'messaging' AND r.rolname = $1 AND a.privilege_type = 'CREATE')";
    let row = transaction.query_one(sql, &[&role]).await?;
    let (name, mut grant) = (quoted(role), String::new());
    if !row.try_get::<_, bool>(0)? {
        grant += &format!("GRANT CONNECT ON DATABASE {} TO {name};", quoted(row.try_get(1)?));
    }
    if !row.try_get::<_, bool>(2)? {
        grant += &format!("GRANT USAGE ON SCHEMA messaging TO {name};");
    }
    if and_public && !row.try_get::<_, bool>(3)? {
        grant += &format!("GRANT USAGE ON SCHEMA public TO {name};");
    }
    if row.try_get(4)? {
        grant += &format!("REVOKE CREATE ON SCHEMA messaging FROM {name};");
    }
    run(transaction, &grant).await
}

/// The role has these rights to our tables, and no others. Other tables of the schema public are the platform's.
pub async fn of_tables(transaction: &Transaction<'_>, role: &str, wanted: &[Grant]) -> anyhow::Result<bool> {
    let sql = "WITH ours AS (
                   SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relacl
                   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')
                       AND (n.nspname = 'messaging' OR n.nspname = 'public' AND c.relname = ANY ($2)))
               SELECT o.name, '', a.privilege_type FROM ours o, aclexplode(o.relacl) a
               JOIN pg_roles r ON r.oid = a.grantee WHERE r.rolname = $1
               UNION ALL
               SELECT o.name, t.attname::text, a.privilege_type FROM ours o JOIN pg_attribute t ON t.attrelid = o.oid,
                   aclexplode(t.attacl) a JOIN pg_roles r ON r.oid = a.grantee WHERE r.rolname = $1";
    let has = transaction.query(sql, &[&role, &PUBLIC_TABLES.as_slice()]).await?;
    let has = has.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)));
    let has: BTreeSet<(String, String, String)> = has.collect::<Result<_, tokio_postgres::Error>>()?;
    let wanted = wanted.iter().map(|(table, column, right)| ((*table).into(), (*column).into(), (*right).into()));
    let wanted: BTreeSet<(String, String, String)> = wanted.collect();
    let name = quoted(role);
    let phrase = |(table, column, right): &(String, String, String)| match column.as_str() {
        "" => format!("{right} ON TABLE {table}"),
        column => format!("{right} ({}) ON TABLE {table}", quoted(column)),
    };
    let mut change: String =
        has.difference(&wanted).map(|right| format!("REVOKE {} FROM {name};", phrase(right))).collect();
    // What is taken from a table is taken from its columns, too, so all of it is given again.
    let is_kept = |right: &&(String, String, String)| change.is_empty() && has.contains(*right);
    let missing: Vec<_> = wanted.iter().filter(|right| !is_kept(right)).collect();
    change.extend(missing.into_iter().map(|right| format!("GRANT {} TO {name};", phrase(right))));
    run(transaction, &change).await
}

/// The role may call the functions that are made for the components, a relay, or both, and no others.
pub async fn of_functions(
    transaction: &Transaction<'_>,
    role: &str,
    is_components: bool,
    is_relay: bool,
) -> anyhow::Result<bool> {
    let sql = format!(
        "SELECT p.oid::regprocedure::text, p.proname::text, {IS_CALLED}, EXISTS (
             SELECT FROM aclexplode(p.proacl) a JOIN pg_roles r ON r.oid = a.grantee WHERE r.rolname = $1)
         FROM pg_proc p WHERE p.pronamespace = 'messaging'::regnamespace"
    );
    let (role_name, mut change) = (quoted(role), String::new());
    for row in transaction.query(&sql, &[&role]).await? {
        let (function, name): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let of_relay = RELAY_CALLS.contains(&name.as_str()) || RELAY_USES.contains(&name.as_str());
        let is_called: bool = row.try_get(2)?;
        let wanted =
            is_relay && (of_relay || SHARED_CALLS.contains(&name.as_str())) || is_components && is_called && !of_relay;
        match (wanted, row.try_get(3)?) {
            (true, false) => change += &format!("GRANT EXECUTE ON FUNCTION {function} TO {role_name};"),
            (false, true) => change += &format!("REVOKE ALL ON FUNCTION {function} FROM {role_name};"),
            _ => {}
        }
    }
    run(transaction, &change).await
}

/// Returns whether there was anything to do.
async fn run(transaction: &Transaction<'_>, sql: &str) -> anyhow::Result<bool> {
    if sql.is_empty() {
        return Ok(false);
    }
    transaction.batch_execute(sql).await?;
    Ok(true)
}
