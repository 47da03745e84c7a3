-- What is under way between the API and Matrix, and whether a push of the homeserver is newer than what is known.

-- Whether this change is newer than the last one, which it then becomes.
CREATE FUNCTION messaging.is_newer(p_channel_id uuid, p_event_type text, p_changed_at timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO messaging.room_state AS s (channel_id, event_type, changed_at)
    VALUES (p_channel_id, p_event_type, p_changed_at)
    ON CONFLICT (channel_id, event_type) DO UPDATE SET changed_at = excluded.changed_at
        WHERE s.changed_at <= excluded.changed_at;
    RETURN FOUND;
END
$$;

CREATE FUNCTION messaging.set_intent(p_channel_id uuid, p_act text, p_target_id text, p_actor_id text, p_details jsonb)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO messaging.intents (channel_id, act, target_id, actor_id, details)
    VALUES (p_channel_id, p_act, p_target_id, p_actor_id, p_details)
    ON CONFLICT (channel_id, act, target_id) DO UPDATE SET
        actor_id = excluded.actor_id, details = excluded.details, confirmed = '{}', created_at = now();
END
$$;

-- Takes what somebody was about to do, if it was lately; an invitation stands until another one takes its place, because the
-- homeserver may tell of it much later and only the intent has the role. A push takes it only when it comes from that person, or from
-- the bot, which acts for them: p_sender_id NULL is the API itself, for its own intent.
CREATE FUNCTION messaging.take_intent(
    p_channel_id uuid, p_act text, p_target_id text, p_sender_id text, p_by_bot boolean
) RETURNS messaging.intents LANGUAGE plpgsql AS $$
DECLARE
    intent messaging.intents;
BEGIN
    DELETE FROM messaging.intents WHERE channel_id = p_channel_id AND act = p_act AND target_id = p_target_id
        AND (p_act = 'invite' OR created_at > now() - interval '10 minutes') AND (p_sender_id IS NULL OR p_by_bot OR actor_id = p_sender_id)
    RETURNING * INTO intent;
    RETURN intent;
END
$$;
