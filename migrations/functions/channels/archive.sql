-- Archiving a channel: prepare_archive before its room is closed, record_archive after.

-- Whether somebody else is about to do the opposite. Two acts that write what everybody may in a room would undo each other
-- there again and again, and what becomes of the channel would be another thing than what becomes of the room.
CREATE FUNCTION messaging.is_being_undone(p_channel_id uuid, p_act text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM messaging.intents
                   WHERE channel_id = p_channel_id AND act = CASE p_act WHEN 'archive' THEN 'reopen' ELSE 'archive' END
                       AND target_id = 'channel' AND messaging.is_under_way(created_at));
END
$$;

-- Notes that somebody archives the channel ('archive') or opens it again ('reopen'). What is left of the opposite, which was cut
-- off, goes. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.intend_archive(p_channel_id uuid, p_act text, p_caller text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM messaging.intents WHERE channel_id = p_channel_id AND act IN ('archive', 'reopen') AND act <> p_act;
    PERFORM messaging.set_intent(p_channel_id, p_act, 'channel', p_caller, '{}');
END
$$;

-- A channel that is archived already is no refusal.
CREATE FUNCTION messaging.prepare_archive(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_limits jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    PERFORM messaging.settle_intents(p_channel_id);
    -- Locked before its intents, as in every record of a change.
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    refusal := messaging.manager_refusal(ch, p_caller, p_microdaos);
    IF refusal IS NULL OR refusal = 'channel_archived' THEN
        IF messaging.is_being_undone(p_channel_id, 'archive') OR messaging.is_changing_visibility(p_channel_id, '') THEN
            refusal := 'channel_being_changed';
            RETURN;
        END IF;
        IF refusal IS NULL THEN
            SELECT l.refusal, l.details INTO refusal, document
            FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
            IF refusal IS NOT NULL THEN
                RETURN;
            END IF;
            PERFORM messaging.intend_archive(p_channel_id, 'archive', p_caller);
        END IF;
        refusal := NULL;
        document := json_build_object('room_id', ch.matrix_room_id, 'is_archived', ch.archived_at IS NOT NULL);
    END IF;
END
$$;

-- The room takes no more messages: as the API says, or the homeserver, when the API was cut off.
CREATE FUNCTION messaging.archive_channel(p_channel_id uuid, p_actor_id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    UPDATE public.channels SET archived_at = now(), updated_at = now()
    WHERE id = p_channel_id AND archived_at IS NULL RETURNING * INTO ch;
    IF FOUND THEN
        PERFORM messaging.stop_waiting_links(ch.id);
        PERFORM messaging.audit(ch.id, 'channel.archived', p_actor_id, NULL, NULL);
        PERFORM messaging.emit_channel(ch, 'channel.archived', p_actor_id, messaging.channel_json(ch));
    END IF;
END
$$;

CREATE FUNCTION messaging.record_archive(
    p_channel_id uuid, p_caller text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    IF NOT messaging.was_reopened(p_channel_id) THEN
        PERFORM messaging.archive_channel(p_channel_id, p_caller);
    END IF;
    PERFORM messaging.take_intent(p_channel_id, 'archive', 'channel', p_caller, false);
END
$$;

-- Of two who archive at once, the first to get here may have archived, and somebody may have opened it again before the second
-- does: nobody is about to archive it any more.
CREATE FUNCTION messaging.was_reopened(p_channel_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN NOT EXISTS (SELECT FROM messaging.intents WHERE channel_id = p_channel_id AND act = 'archive')
        AND EXISTS (SELECT FROM public.channel_events
                    WHERE channel_id = p_channel_id AND created_at > now() - interval '1 minute'
                        AND event_type = 'channel.updated' AND metadata ->> 'archived' = 'false');
END
$$;
