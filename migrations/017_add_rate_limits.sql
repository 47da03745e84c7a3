-- How much of each limit is used up: one row for each kind of act and each caller or channel. Neither table is logged: after
-- a crash of the server they are empty, and everybody begins anew.
CREATE UNLOGGED TABLE IF NOT EXISTS messaging.rate_limits (
    -- What is limited: 'send', 'edit', 'create' or 'manage'.
    class                  text NOT NULL,
    -- The id of a caller or of a channel.
    key                    text NOT NULL,
    -- When the bucket is empty again (the theoretical arrival time of GCRA). A row whose time has passed says nothing.
    -- Without an index, so that its changes stay within their page.
    theoretical_arrival_at timestamptz NOT NULL,
    PRIMARY KEY (class, key)
) WITH (fillfactor = 50);

-- How often a limit was hit, for the metrics.
CREATE UNLOGGED TABLE IF NOT EXISTS messaging.rate_limit_hits (
    class text NOT NULL,
    -- Whose limit it was: 'person', 'agent' or 'channel'.
    scope text NOT NULL,
    hits  bigint NOT NULL,
    PRIMARY KEY (class, scope)
) WITH (fillfactor = 50);
