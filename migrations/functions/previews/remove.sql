-- Takes what a link shows out of a message. Matrix has no place for it, so this is the whole act. Who may delete the message
-- may do it: its sender always, also after they have left and in an archived channel.
CREATE FUNCTION messaging.remove_preview(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_message_id uuid, p_preview_id uuid, p_limits jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.messages;
    actor public.channel_members;
    preview messaging.message_previews;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    SELECT * INTO m FROM public.messages WHERE id = p_message_id AND channel_id = p_channel_id;
    IF m.id IS NULL OR m.sender_id <> p_caller THEN
        actor := messaging.membership(ch, p_caller, p_microdaos);
        IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
            refusal := 'channel_not_found';
        ELSIF m.id IS NULL THEN
            refusal := 'message_not_found';
        ELSIF actor.joined_at IS NULL OR messaging.rank(actor.role) < 2 THEN
            refusal := 'cannot_delete';
        ELSIF messaging.access(ch, p_caller, p_microdaos) <> 'reads' THEN
            refusal := 'cannot_read';
        ELSIF ch.archived_at IS NOT NULL THEN
            refusal := 'channel_archived';
        END IF;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    SELECT * INTO preview FROM messaging.message_previews
    WHERE id = p_preview_id AND message_id = m.id AND (page IS NOT NULL OR removed_at IS NOT NULL);
    IF NOT FOUND THEN
        refusal := 'preview_not_found';
        RETURN;
    END IF;
    IF preview.removed_at IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT l.refusal, l.details INTO refusal, document FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    UPDATE messaging.message_previews SET removed_at = now(), waiting_since = NULL, page = NULL, image_uri = NULL
    WHERE id = preview.id;
    PERFORM messaging.release_pictures(ARRAY[preview.image_uri]);
    UPDATE public.messages SET previews = messaging.previews_of(id) WHERE id = m.id RETURNING * INTO m;
    PERFORM messaging.purge_previews(m);
    PERFORM messaging.emit_previews(ch, m, p_caller);
END
$$;

-- What was taken out of a message is told to nobody who catches up: the log keeps no preview of it.
CREATE FUNCTION messaging.purge_previews(m public.messages) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- In the order of their ids, as the publisher locks rows when it marks them.
    PERFORM FROM public.outbox WHERE payload ->> 'message_id' = m.id::text AND payload ? 'message'
    ORDER BY id FOR NO KEY UPDATE;
    UPDATE public.outbox SET payload = messaging.without_previews(payload)
    WHERE payload ->> 'message_id' = m.id::text AND payload ? 'message';
END
$$;

-- An event of a message without what its links show.
CREATE FUNCTION messaging.without_previews(p_payload jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT p_payload || jsonb_build_object('message', (p_payload -> 'message') || '{"previews": []}')
        || CASE WHEN p_payload ? 'previews' THEN '{"previews": []}'::jsonb ELSE '{}' END
$$;
