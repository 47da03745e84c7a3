-- How much somebody may do in a time. A prepare_ function asks when everything else has been decided and nothing is
-- written yet: who may not know of a channel uses up nothing of it, what is repeated or has no effect costs nothing, and
-- a request that is refused has changed nothing. p_limits is what the component's settings say, NULL without limits:
-- {"class": "send", "scope": "person", "caller": [quota, seconds], "channel": [quota, seconds]}.

-- Takes one act from a limit (generic cell rate algorithm): quota acts at once, then one each seconds / quota. Returns NULL,
-- or how many seconds to wait. Counted by the time when the statement began. Who is further ahead than a statement may wait
-- was counted by another setting, or by a clock that was set back, and has used up all that this setting gives.
CREATE FUNCTION messaging.take_from_limit(p_class text, p_key text, p_quota bigint, p_seconds bigint) RETURNS float8
LANGUAGE plpgsql AS $$
DECLARE
    spacing interval := interval '1 microsecond' * (p_seconds * 1000000 / p_quota);
    period interval := interval '1 second' * p_seconds;
    other_setting timestamptz := now() + period + interval '10 seconds';
    wait float8;
BEGIN
    INSERT INTO messaging.rate_limits AS r (class, key, theoretical_arrival_at) VALUES (p_class, p_key, now() + spacing)
    ON CONFLICT (class, key) DO UPDATE SET theoretical_arrival_at = CASE
        WHEN r.theoretical_arrival_at > other_setting THEN now() + period
        ELSE greatest(r.theoretical_arrival_at, now()) + spacing END
    WHERE r.theoretical_arrival_at > other_setting OR greatest(r.theoretical_arrival_at, now()) + spacing <= now() + period;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    SELECT extract(epoch FROM r.theoretical_arrival_at + spacing - period - now()) INTO wait
    FROM messaging.rate_limits r WHERE r.class = p_class AND r.key = p_key;
    RETURN greatest(coalesce(wait, 0), 0);
END
$$;

-- The refusal of a caller who has done too much, or of anybody in a channel where too much is done, with what they are told
-- of it, or NULL. The caller's row is taken first: that of the channel is everybody's, and held for the shortest time.
CREATE FUNCTION messaging.limit_refusal(
    p_caller text, p_channel_id uuid, p_limits jsonb, OUT refusal messaging.refusal, OUT details json
) LANGUAGE plpgsql AS $$
DECLARE
    act text := p_limits ->> 'class';
    mine jsonb := p_limits -> 'caller';
    shared jsonb := CASE WHEN p_channel_id IS NOT NULL THEN p_limits -> 'channel' END;
    whose text := p_limits ->> 'scope';
    wait float8;
BEGIN
    IF mine IS NOT NULL THEN
        wait := messaging.take_from_limit(act, p_caller, (mine ->> 0)::bigint, (mine ->> 1)::bigint);
    END IF;
    IF wait IS NULL AND shared IS NOT NULL THEN
        wait := messaging.take_from_limit(act, p_channel_id::text, (shared ->> 0)::bigint, (shared ->> 1)::bigint);
        IF wait IS NOT NULL AND mine IS NOT NULL THEN
            UPDATE messaging.rate_limits SET theoretical_arrival_at = theoretical_arrival_at
                - interval '1 microsecond' * ((mine ->> 1)::bigint * 1000000 / (mine ->> 0)::bigint)
            WHERE class = act AND key = p_caller;
        END IF;
        mine := shared;
        whose := 'channel';
    END IF;
    IF wait IS NOT NULL THEN
        INSERT INTO messaging.rate_limit_hits AS h (class, scope, hits) VALUES (act, whose, 1)
        ON CONFLICT (class, scope) DO UPDATE SET hits = h.hits + 1;
        refusal := 'rate_limited';
        details := json_build_object('policy', act || '-' || whose, 'quota', mine -> 0, 'seconds', mine -> 1,
            'retry_after', greatest(ceil(wait), 1)::bigint);
    END IF;
END
$$;
