-- Opening an archived channel again: prepare_reopening before its room is opened, record_reopening after.

-- is_archived is false where there is nothing to do.
CREATE FUNCTION messaging.prepare_reopening(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_limits jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    PERFORM messaging.settle_intents(p_channel_id);
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    refusal := messaging.manager_refusal(ch, p_caller, p_microdaos);
    IF refusal IS NOT NULL AND refusal <> 'channel_archived' THEN
        RETURN;
    END IF;
    SELECT i.refusal, i.details INTO refusal, document FROM messaging.intend_reopening(ch, p_caller, p_limits) i;
    IF refusal IS NULL THEN
        document := json_build_object('room_id', ch.matrix_room_id, 'is_archived', ch.archived_at IS NOT NULL);
    END IF;
END
$$;

-- Notes that somebody who may opens the channel again. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.intend_reopening(
    ch public.channels, p_caller text, p_limits jsonb, OUT refusal messaging.refusal, OUT details json
) LANGUAGE plpgsql AS $$
BEGIN
    IF messaging.is_being_undone(ch.id, 'reopen') THEN
        refusal := 'channel_being_changed';
    ELSIF ch.archived_at IS NOT NULL THEN
        SELECT l.refusal, l.details INTO refusal, details FROM messaging.limit_refusal(p_caller, ch.id, p_limits) l;
        IF refusal IS NULL THEN
            PERFORM messaging.intend_archive(ch.id, 'reopen', p_caller);
        END IF;
    END IF;
END
$$;

-- The room takes messages again: as the API says, or the homeserver, when the API was cut off. The caller of this function
-- holds the channel's row.
CREATE FUNCTION messaging.reopen_channel(p_channel_id uuid, p_actor_id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    UPDATE public.channels SET archived_at = NULL, updated_at = now()
    WHERE id = p_channel_id AND archived_at IS NOT NULL RETURNING * INTO ch;
    IF FOUND THEN
        PERFORM messaging.audit(ch.id, 'channel.updated', p_actor_id, NULL, '{"archived": false}');
        PERFORM messaging.emit_channel(ch, 'channel.updated', p_actor_id, messaging.channel_json(ch));
    END IF;
END
$$;

-- Gives the channel. Of two who open it at once, the first to get here may have, and somebody may have archived it again before
-- the second does: nobody is about to open it any more, and it stays archived.
CREATE FUNCTION messaging.record_reopening(
    p_channel_id uuid, p_caller text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    PERFORM FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM messaging.intents WHERE channel_id = p_channel_id AND act = 'reopen' AND target_id = 'channel') THEN
        PERFORM messaging.reopen_channel(p_channel_id, p_caller);
    END IF;
    PERFORM messaging.take_intent(p_channel_id, 'reopen', 'channel', p_caller, false);
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
    IF ch.archived_at IS NOT NULL THEN
        refusal := 'channel_archived';
    ELSE
        document := messaging.channel_json(ch);
    END IF;
END
$$;

-- The homeserver tells that the room takes messages, or that it does not: an act that was under way has been carried out. Its
-- note stays for the request, which may still be running, and keeps others from undoing it meanwhile. The caller of this
-- function holds the channel's row.
CREATE FUNCTION messaging.follow_read_only(
    p_channel_id uuid, p_is_read_only boolean, p_sender_id text, p_by_bot boolean
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    intent messaging.intents;
BEGIN
    UPDATE messaging.intents SET confirmed = '{level}'
    WHERE channel_id = p_channel_id AND act = CASE WHEN p_is_read_only THEN 'archive' ELSE 'reopen' END
        AND target_id = 'channel' AND confirmed = '{}' AND (p_by_bot OR actor_id = p_sender_id)
    RETURNING * INTO intent;
    IF NOT FOUND THEN
        RETURN;
    ELSIF p_is_read_only THEN
        PERFORM messaging.archive_channel(p_channel_id, intent.actor_id);
    ELSE
        PERFORM messaging.reopen_channel(p_channel_id, intent.actor_id);
    END IF;
END
$$;

-- The channel as it is once it is opened again.
CREATE FUNCTION messaging.without_archive(ch public.channels) RETURNS public.channels LANGUAGE plpgsql STABLE AS $$
BEGIN
    ch.archived_at := NULL;
    RETURN ch;
END
$$;

-- Whether one of the two opens their archived direct channel again by asking for it: who owns it, or has left it by themselves
-- and comes back as an owner. What was closed with an agent, or by somebody who has removed the other one, stays closed.
CREATE FUNCTION messaging.may_reopen_direct(ch public.channels, m public.channel_members) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF m.id IS NULL OR m.member_type <> 'human' OR NOT m.can_read OR NOT m.can_write THEN
        RETURN false;
    ELSIF m.left_at IS NULL THEN
        RETURN m.joined_at IS NOT NULL AND messaging.rank(m.role) > 1;
    END IF;
    RETURN m.banned_at IS NULL AND m.left_by = m.member_id;
END
$$;
