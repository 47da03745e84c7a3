-- Archiving a channel: prepare_archive before its room is closed, record_archive after.

-- A channel that is archived already is no refusal.
CREATE FUNCTION messaging.prepare_archive(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_limits jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    PERFORM messaging.settle_intents(p_channel_id);
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
    refusal := messaging.manager_refusal(ch, p_caller, p_microdaos);
    IF refusal IS NULL OR refusal = 'channel_archived' THEN
        IF refusal IS NULL THEN
            SELECT l.refusal, l.details INTO refusal, document
            FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
            IF refusal IS NOT NULL THEN
                RETURN;
            END IF;
            PERFORM messaging.set_intent(p_channel_id, 'archive', 'channel', p_caller, '{}');
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
        PERFORM messaging.audit(ch.id, 'channel.archived', p_actor_id, NULL, NULL);
        PERFORM messaging.emit_channel(ch, 'channel.archived', p_actor_id, messaging.channel_json(ch));
    END IF;
END
$$;

CREATE FUNCTION messaging.record_archive(
    p_channel_id uuid, p_caller text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.archive_channel(p_channel_id, p_caller);
    PERFORM messaging.take_intent(p_channel_id, 'archive', 'channel', p_caller, false);
END
$$;
