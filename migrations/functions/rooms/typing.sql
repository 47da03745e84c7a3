-- The members who type in the room, as the homeserver tells it; at most 50 of them are named. Only the room that a living
-- channel has at this moment counts: there is nobody to tell in an archived channel or a room from before an upgrade.
CREATE FUNCTION messaging.announce_typing(
    p_room_id text, p_member_ids text[], OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id AND archived_at IS NULL;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    PERFORM messaging.publish_ephemeral(ch, 'typing', jsonb_build_object(
        'member_ids', coalesce(p_member_ids[:50], '{}')));
END
$$;
