-- How much somebody may do in a time. A prepare_ function asks when everything else has been decided and nothing is
-- written yet: who may not know of a channel uses up nothing of it, what is repeated or has no effect costs nothing, and
-- a request that is refused has changed nothing. p_limits is what the component's settings say, NULL without limits:
-- {"class": "send", "scope": "person", "caller": [quota, seconds], "channel": [quota, seconds]}.

-- Takes one act from a limit (generic cell rate algorithm), or p_amount of it at once: quota acts at once, then one each
-- seconds / quota. Says how many (times p_amount) are left, and after how many seconds there is one more. More than the quota
-- is never there. Counted by the time when the row is held: statements get it in
-- another order than they began in, and by the time of their beginning a quota's last act would come too early. Who is
-- further ahead than a statement may wait was counted by another setting, or by a clock that was set back, and has used up
-- all that this setting gives.
CREATE FUNCTION messaging.take_from_limit(
    p_class text, p_key text, p_quota bigint, p_seconds bigint, p_amount bigint DEFAULT 1,
    OUT is_taken boolean, OUT remaining bigint, OUT more_in bigint
) LANGUAGE plpgsql AS $$
DECLARE
    spacing interval := interval '1 microsecond' * (p_seconds * 1000000 * p_amount / p_quota);
    period interval := interval '1 second' * p_seconds;
    other_setting timestamptz := clock_timestamp() + period + interval '10 seconds';
    arrival timestamptz;
BEGIN
    IF p_amount > p_quota THEN
        is_taken := false;
        remaining := 0;
        more_in := p_seconds;
        RETURN;
    END IF;
    INSERT INTO messaging.rate_limits AS r (class, key, theoretical_arrival_at)
    VALUES (p_class, p_key, clock_timestamp() + spacing)
    ON CONFLICT (class, key) DO UPDATE SET theoretical_arrival_at = CASE
        WHEN r.theoretical_arrival_at > other_setting THEN clock_timestamp() + period
        ELSE greatest(r.theoretical_arrival_at, clock_timestamp()) + spacing END
    WHERE r.theoretical_arrival_at > other_setting
        OR greatest(r.theoretical_arrival_at, clock_timestamp()) + spacing <= clock_timestamp() + period
    RETURNING r.theoretical_arrival_at INTO arrival;
    is_taken := FOUND;
    remaining := 0;
    IF is_taken THEN
        remaining := greatest(
            floor(extract(epoch FROM clock_timestamp() + period - arrival) / extract(epoch FROM spacing)), 0);
    ELSE
        SELECT r.theoretical_arrival_at INTO arrival FROM messaging.rate_limits r WHERE r.class = p_class AND r.key = p_key;
    END IF;
    more_in := greatest(ceil(extract(
        epoch FROM coalesce(arrival, clock_timestamp()) + spacing * (remaining + 1) - period - clock_timestamp())), 1);
END
$$;

-- Gives back what was taken from a limit p_seconds ago; p_quota is [quota, seconds], NULL without one. What time has given
-- back since then is not given back again: another act may have it by now.
CREATE FUNCTION messaging.give_back(
    p_class text, p_key text, p_quota jsonb, p_amount bigint DEFAULT 1, p_seconds integer DEFAULT 0
) RETURNS void LANGUAGE sql AS $$
    UPDATE messaging.rate_limits SET theoretical_arrival_at = theoretical_arrival_at - greatest(
        interval '1 microsecond' * ((p_quota ->> 1)::bigint * 1000000 * p_amount / (p_quota ->> 0)::bigint)
        - interval '1 second' * greatest(p_seconds, 0), interval '0')
    WHERE class = p_class AND key = p_key AND p_quota IS NOT NULL
$$;

-- Counts a refusal, for the metrics.
CREATE FUNCTION messaging.count_hit(p_class text, p_scope text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO messaging.rate_limit_hits AS h (class, scope, hits) VALUES (p_class, p_scope, 1)
    ON CONFLICT (class, scope) DO UPDATE SET hits = h.hits + 1
$$;

-- The refusal of a caller who has done too much, or of anybody in a channel where too much is done, with what they are told
-- of it, or NULL. The caller's row is taken first: that of the channel is everybody's, and held for the shortest time. The
-- limit that is nearest is left in the setting messaging.nearest_limit, for the rest of the statement.
CREATE FUNCTION messaging.limit_refusal(
    p_caller text, p_channel_id uuid, p_limits jsonb, OUT refusal messaging.refusal, OUT details json
) LANGUAGE plpgsql AS $$
DECLARE
    act text := p_limits ->> 'class';
    mine jsonb := p_limits -> 'caller';
    shared jsonb := CASE WHEN p_channel_id IS NOT NULL THEN p_limits -> 'channel' END;
    whose text := p_limits ->> 'scope';
    own_is_taken boolean := true;
    own_remaining bigint;
    own_more_in bigint;
    nearest record;
BEGIN
    IF mine IS NULL AND shared IS NULL THEN
        RETURN;
    END IF;
    IF mine IS NOT NULL THEN
        nearest := messaging.take_from_limit(act, p_caller, (mine ->> 0)::bigint, (mine ->> 1)::bigint);
        own_is_taken := nearest.is_taken;
        own_remaining := nearest.remaining;
        own_more_in := nearest.more_in;
    END IF;
    IF shared IS NOT NULL AND own_is_taken THEN
        nearest := messaging.take_from_limit(act, p_channel_id::text, (shared ->> 0)::bigint, (shared ->> 1)::bigint);
        IF NOT nearest.is_taken AND mine IS NOT NULL THEN
            PERFORM messaging.give_back(act, p_caller, mine);
        END IF;
        IF mine IS NOT NULL AND own_remaining <= nearest.remaining AND nearest.is_taken THEN
            nearest.remaining := own_remaining;
            nearest.more_in := own_more_in;
        ELSE
            mine := shared;
            whose := 'channel';
        END IF;
    END IF;
    details := json_build_object('policy', act || '-' || whose, 'quota', mine -> 0, 'seconds', mine -> 1,
        'remaining', nearest.remaining, 'more_in', nearest.more_in);
    PERFORM set_config('messaging.nearest_limit', details::text, true);
    IF nearest.is_taken THEN
        details := NULL;
    ELSE
        PERFORM messaging.count_hit(act, whose);
        refusal := 'rate_limited';
    END IF;
END
$$;
