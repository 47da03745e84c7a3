-- The members who type in the room, as the homeserver tells it: all of them, of whom at most 50 are taken. Whom it was told
-- of from here it only repeats. It tells of changes alone and of none again, so each counts for a minute at most. Only the
-- room that a living channel has at this moment counts: there is nobody to tell in an archived channel or a room from before
-- an upgrade.
CREATE FUNCTION messaging.announce_typing(
    p_room_id text, p_member_ids text[], OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    before text[];
BEGIN
    SELECT * INTO ch FROM public.channels WHERE matrix_room_id = p_room_id AND archived_at IS NULL;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    PERFORM messaging.begin_typing(ch.id);
    before := messaging.typists(ch.id);
    INSERT INTO messaging.typing AS t (channel_id, member_id, room_until, began_at)
    SELECT ch.id, l.member_id, now() + interval '1 minute', now() + min(l.place) * interval '1 microsecond'
    FROM unnest(p_member_ids[:50]) WITH ORDINALITY l (member_id, place) GROUP BY l.member_id
    ON CONFLICT (channel_id, member_id) DO UPDATE SET room_until = excluded.room_until, is_shown = true,
        began_at = CASE WHEN greatest(t.until, t.room_until) > now() THEN t.began_at ELSE excluded.began_at END
        WHERE t.echoes_until <= now();
    UPDATE messaging.typing SET room_until = '-infinity', is_shown = is_shown AND until > now()
    WHERE channel_id = ch.id AND room_until > now() AND member_id <> ALL (p_member_ids[:50]);
    IF messaging.typists(ch.id) <> before THEN
        PERFORM messaging.publish_typing(ch);
    END IF;
END
$$;
