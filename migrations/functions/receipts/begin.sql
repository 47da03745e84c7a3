-- Where somebody's reading begins, and what moves it without their asking.

-- Somebody comes into a channel, or comes back: what was said before is read. Every way in calls this when a membership
-- begins; the caller of this function holds the channel's row.
CREATE FUNCTION messaging.begin_reading(p_channel_id uuid, p_member_id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    head bigint := (SELECT last_seq FROM public.channels WHERE id = p_channel_id);
BEGIN
    INSERT INTO messaging.channel_reads AS r (channel_id, member_id, read_seq) VALUES (p_channel_id, p_member_id, head)
    ON CONFLICT (channel_id, member_id) DO UPDATE SET
        read_seq = greatest(r.read_seq, excluded.read_seq), marked_unread = false, updated_at = now();
    -- The threads that they followed before they went.
    UPDATE messaging.thread_members t SET read_seq = head, updated_at = now()
    FROM (SELECT f.root_id FROM messaging.thread_members f
          WHERE f.member_id = p_member_id AND f.channel_id = p_channel_id AND f.is_following AND f.read_seq < head
          -- In the order in which record_receipts has them.
          ORDER BY f.root_id LIMIT 1000 FOR NO KEY UPDATE) followed
    WHERE t.root_id = followed.root_id AND t.member_id = p_member_id;
END
$$;

-- Who sends has read up to their message, and everybody sees that they have. Gives what their other sockets are told with the
-- message, if anything. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.read_by_sending(ch public.channels, m public.messages) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before messaging.channel_reads;
BEGIN
    -- Of a thread add_to_thread says so.
    IF m.thread_id IS NOT NULL THEN
        RETURN NULL;
    END IF;
    SELECT * INTO before FROM messaging.channel_reads WHERE channel_id = ch.id AND member_id = m.sender_id;
    INSERT INTO messaging.channel_reads AS r (channel_id, member_id, read_seq, shown_seq)
    VALUES (ch.id, m.sender_id, m.seq, m.seq)
    ON CONFLICT (channel_id, member_id) DO UPDATE SET
        read_seq = greatest(r.read_seq, excluded.read_seq), shown_seq = greatest(r.shown_seq, excluded.shown_seq),
        marked_unread = false, updated_at = now();
    -- Where nothing was unread, message.created tells their other sockets enough. Their own message is there already, so it is not
    -- for messaging.count_unread to say.
    IF m.sender_id NOT LIKE '@%' AND (before.marked_unread OR before.read_seq < m.seq - 1 AND (
        (SELECT true FROM public.messages n WHERE n.channel_id = ch.id AND n.seq > before.read_seq AND n.seq < m.seq
             AND n.thread_id IS NULL AND n.deleted_at IS NULL AND n.sender_id <> m.sender_id ORDER BY n.seq LIMIT 1)
        OR messaging.count_mentions(ch.id, m.sender_id, before.read_seq) > 0)) THEN
        ch.last_seq := m.seq;
        RETURN messaging.unread_frame(m.sender_id, messaging.reading_json(ch, m.sender_id, NULL));
    END IF;
    RETURN NULL;
END
$$;
