-- Archiving a channel: prepare_archive before its room is closed, record_archive after.

-- A channel that is archived already is no refusal.
CREATE FUNCTION messaging.prepare_archive(
    p_caller text, p_microdaos text[], p_channel_id uuid, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch public.channels;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
    refusal := messaging.manager_refusal(ch, p_caller, p_microdaos);
    IF refusal IS NULL OR refusal = 'channel_archived' THEN
        refusal := NULL;
        document := json_build_object('room_id', ch.matrix_room_id, 'is_archived', ch.archived_at IS NOT NULL);
    END IF;
END
$$;

CREATE FUNCTION messaging.record_archive(
    p_channel_id uuid, p_caller text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    UPDATE public.channels SET archived_at = now(), updated_at = now()
    WHERE id = p_channel_id AND archived_at IS NULL RETURNING * INTO ch;
    IF FOUND THEN
        PERFORM messaging.audit(ch.id, 'channel.archived', p_caller, NULL, NULL);
        PERFORM messaging.emit_channel(ch, 'channel.archived', p_caller, messaging.channel_json(ch));
    END IF;
END
$$;
