-- A request with an Idempotency-Key holds it for as long as it may last, and only its own run ends it.
ALTER TABLE messaging.idempotency_keys ADD COLUMN IF NOT EXISTS run_id uuid;
-- NULL: of an earlier version, which holds its keys for a minute.
ALTER TABLE messaging.idempotency_keys ADD COLUMN IF NOT EXISTS held_until timestamptz;
