-- Which state of a room counts: the one that the homeserver says the room has now. Time stamps are other servers' words,
-- and those of three clocks; they only say when nobody needs to ask.

-- Names what is known, so that nothing that was learned in between is undone by what was asked before.
CREATE FUNCTION messaging.state_version(p_changed_at timestamptz, p_event_id text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(p_changed_at::text, '') || ' ' || coalesce(p_event_id, '')
$$;

-- What to do with a state event, given when the state is known to have changed last (p_known_at) and by which event:
-- 'follow' it, 'skip' it, or 'ask' the homeserver which one the room has; 'repeat' is the event that is followed already.
-- p_order says what the caller knows of it:
--   'told'    it was pushed, and is the newest unless its time says otherwise
--   'unsure'  it was pushed, and its time says nothing
--   'now'     the homeserver has it as the room's state, which was asked for when p_version was known
--   'clock'   it was pushed, and the homeserver cannot be asked
CREATE FUNCTION messaging.judge_state(
    p_known_at timestamptz, p_known_event_id text, p_known_version text, p_changed_at timestamptz, p_event_id text,
    p_order text, p_version text
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN p_order = 'now' THEN CASE WHEN p_version = p_known_version THEN 'follow' ELSE 'ask' END
        WHEN p_event_id = p_known_event_id THEN 'repeat'
        WHEN p_order = 'unsure' THEN 'ask'
        WHEN p_known_at > p_changed_at OR p_known_at = p_changed_at AND p_known_event_id <> p_event_id
            THEN CASE WHEN p_order = 'told' THEN 'ask' ELSE 'skip' END
        ELSE 'follow' END
$$;

-- The time that is noted for a state that is followed: never before the one that was known.
CREATE FUNCTION messaging.state_time(p_known_at timestamptz, p_changed_at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_changed_at < p_known_at THEN p_known_at + interval '1 microsecond' ELSE p_changed_at END
$$;

-- Judges a state event of a channel (its state key is empty) and notes it when it is to be followed. p_value is what it
-- says. p_known_further: what else the version depends on.
CREATE FUNCTION messaging.follow_state(
    p_channel_id uuid, p_event_type text, p_value text, p_changed_at timestamptz, p_event_id text, p_order text,
    p_version text, p_known_further timestamptz DEFAULT NULL, OUT judgement text, OUT version text
) LANGUAGE plpgsql AS $$
DECLARE
    known messaging.room_state;
    changed timestamptz := least(p_changed_at, now());
BEGIN
    SELECT * INTO known FROM messaging.room_state WHERE channel_id = p_channel_id AND event_type = p_event_type;
    version := messaging.state_version(greatest(known.changed_at, p_known_further), known.event_id);
    judgement := messaging.judge_state(known.changed_at, known.event_id, version, changed, p_event_id, p_order, p_version);
    IF judgement = 'follow' THEN
        INSERT INTO messaging.room_state (channel_id, event_type, changed_at, event_id, value, followed_at)
        VALUES (p_channel_id, p_event_type, messaging.state_time(known.changed_at, changed), p_event_id, p_value, clock_timestamp())
        ON CONFLICT (channel_id, event_type) DO UPDATE SET changed_at = excluded.changed_at,
            event_id = excluded.event_id, value = excluded.value, followed_at = excluded.followed_at;
    END IF;
END
$$;

-- The API has changed a state of the room, at p_asked_at or later: a push that is older has to be asked about.
CREATE FUNCTION messaging.note_state_change(p_channel_id uuid, p_event_type text, p_asked_at timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO messaging.room_state AS s (channel_id, event_type, changed_at)
    VALUES (p_channel_id, p_event_type, p_asked_at)
    ON CONFLICT (channel_id, event_type) DO UPDATE SET changed_at = excluded.changed_at
        WHERE s.changed_at < excluded.changed_at;
END
$$;

-- What is left to do when the homeserver has to be asked.
CREATE FUNCTION messaging.must_ask_json(p_version text) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('ask_version', p_version)
$$;

-- The parts of a room's state that were followed last, with the event that was: all of the channel's own, and 25 members.
-- p_seconds: only what changed in so many seconds.
CREATE FUNCTION messaging.list_followed_state(
    p_room_id text, p_seconds integer DEFAULT NULL, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch public.channels;
    since timestamptz := coalesce(now() - p_seconds * interval '1 second', '-infinity');
BEGIN
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    SELECT json_build_object('parts', coalesce(json_agg(json_build_object(
        'event_type', f.event_type, 'state_key', f.state_key, 'event_id', f.event_id)), '[]'))
    INTO document FROM (
        SELECT s.event_type, '' AS state_key, s.event_id FROM messaging.room_state s
        WHERE s.channel_id = ch.id AND s.event_id IS NOT NULL AND s.changed_at >= since
        UNION ALL
        (SELECT 'm.room.member', m.matrix_user_id, m.matrix_event_id FROM public.channel_members m
         WHERE m.channel_id = ch.id AND m.matrix_event_id IS NOT NULL AND m.matrix_changed_at >= since
         ORDER BY m.matrix_changed_at DESC NULLS LAST, m.id LIMIT 25)
    ) f;
END
$$;
