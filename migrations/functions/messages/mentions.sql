-- Who is meant by a message.

-- Whether somebody may mention everybody in the room (Matrix client-server API, "User and room mentions"). Whoever made a
-- room of version 12 has every power and no level; here they own the channel. p_matrix_user_id: for who is not in.
CREATE FUNCTION messaging.may_mention_room(p_channel_id uuid, p_member_id text, p_matrix_user_id text DEFAULT NULL)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    m public.channel_members;
    required integer := coalesce((SELECT room_mention_level FROM messaging.room_levels WHERE channel_id = p_channel_id), 50);
BEGIN
    SELECT * INTO m FROM public.channel_members WHERE channel_id = p_channel_id AND member_id = p_member_id;
    RETURN coalesce(m.role = 'owner' AND m.left_at IS NULL, false)
        OR coalesce(CASE WHEN m.left_at IS NULL THEN m.matrix_power_level END,
                    messaging.room_level(p_channel_id, coalesce(p_matrix_user_id, m.matrix_user_id)),
                    messaging.default_level(p_channel_id)) >= required;
END
$$;

-- What the index keeps of whom a message names: each once and in their order, at most 50, 'room' only from who may mention
-- it. Of an encrypted channel nothing: there it is inside the ciphertext.
CREATE FUNCTION messaging.heeded_mentions(
    ch public.channels, p_sender_id text, p_sender_matrix_id text, p_mentions text[]
) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF ch.is_encrypted OR coalesce(cardinality(p_mentions), 0) = 0 THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(
        SELECT named.id FROM (
            SELECT id, min(place) AS place FROM unnest(p_mentions) WITH ORDINALITY AS n (id, place)
            WHERE id <> 'room' OR messaging.may_mention_room(ch.id, p_sender_id, p_sender_matrix_id)
            GROUP BY id ORDER BY min(place) LIMIT 50) named
        ORDER BY named.place);
END
$$;

-- Makes the rows of whom a message means those that it has.
CREATE FUNCTION messaging.index_mentions(m public.messages) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM messaging.message_mentions WHERE message_id = m.id AND member_id <> ALL (m.mentions);
    IF m.mentions <> '{}' THEN
        INSERT INTO messaging.message_mentions (message_id, member_id, channel_id, seq, sender_id, thread_id)
        SELECT m.id, id, m.channel_id, m.seq, m.sender_id, m.thread_id FROM unnest(m.mentions) AS n (id) ON CONFLICT DO NOTHING;
    END IF;
END
$$;
