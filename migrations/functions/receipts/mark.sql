-- What somebody says of their own reading: mark_read, mark_unread, set_muted. Who may read a channel may; who is no member has
-- a marker of their own in a public channel, which nobody else sees.

-- Moves the caller's marker forwards, in the channel or in a thread that they follow. A place before the marker changes
-- nothing, one beyond the channel's end is its end, and so is none. A message counts before a number. p_is_private: the others do not see it.
CREATE FUNCTION messaging.mark_read(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_message_id uuid, p_seq bigint, p_thread_id uuid,
    p_is_private boolean, p_limits jsonb DEFAULT NULL, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    lookup record;
    ch public.channels;
    place bigint;
    is_shown boolean;
    before messaging.channel_reads;
    thread messaging.thread_members;
    root public.messages;
BEGIN
    lookup := messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'read');
    refusal := lookup.refusal;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    ch := lookup.channel;
    IF p_message_id IS NULL THEN
        place := coalesce(p_seq, ch.last_seq);
    ELSE
        SELECT seq INTO place FROM public.messages WHERE id = p_message_id AND channel_id = p_channel_id;
    END IF;
    -- A message of a thread means that thread.
    SELECT * INTO root FROM public.messages WHERE id = p_thread_id AND channel_id = p_channel_id;
    IF place IS NULL OR p_thread_id IS NOT NULL AND root.id IS NULL THEN
        refusal := 'message_not_found';
        RETURN;
    END IF;
    root := messaging.thread_root(root);
    place := least(place, ch.last_seq);
    is_shown := NOT p_is_private AND EXISTS (
        SELECT FROM public.channel_members
        WHERE channel_id = p_channel_id AND member_id = p_caller AND left_at IS NULL AND joined_at IS NOT NULL);
    IF p_thread_id IS NULL THEN
        SELECT * INTO before FROM messaging.channel_reads WHERE channel_id = p_channel_id AND member_id = p_caller;
        IF before.read_seq IS NULL OR before.read_seq < place OR before.marked_unread
            OR is_shown AND before.shown_seq < place THEN
            SELECT l.refusal, l.details INTO refusal, document
            FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
            IF refusal IS NOT NULL THEN
                RETURN;
            END IF;
            IF messaging.move_marker(ch, p_caller, place, is_shown, true) THEN
                document := messaging.publish_reading(ch, p_caller);
            END IF;
            IF before.read_seq IS NULL OR before.read_seq < place OR is_shown AND before.shown_seq < place THEN
                PERFORM messaging.queue_receipt(ch, p_caller, NULL, place, p_is_private);
            END IF;
        END IF;
    ELSE
        -- Who does not follow the thread has no marker there, and nothing of it is unread to them.
        SELECT * INTO thread FROM messaging.thread_members WHERE root_id = root.id AND member_id = p_caller;
        IF thread.read_seq < place OR is_shown AND thread.shown_seq < place THEN
            SELECT l.refusal, l.details INTO refusal, document
            FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
            IF refusal IS NOT NULL THEN
                RETURN;
            END IF;
            -- A mention in the thread may be read by this.
            IF messaging.move_thread_marker(ch, root.id, p_caller, place, is_shown) THEN
                document := messaging.publish_reading(ch, p_caller);
            END IF;
            PERFORM messaging.queue_receipt(ch, p_caller, root.id, place, p_is_private);
        END IF;
    END IF;
    -- What was told is what it is: it was counted once.
    document := coalesce(document, messaging.reading_json(ch, p_caller, p_microdaos));
END
$$;

-- Moves a marker of the channel forwards, and with p_is_shown what the others see of it, and tells these. false: nothing has
-- moved. true: the caller of this function tells the person themselves (publish_reading). p_ends_mark: the channel is marked
-- as unread no more, though it was read up to there before.
CREATE FUNCTION messaging.move_marker(
    ch public.channels, p_member_id text, p_seq bigint, p_is_shown boolean, p_ends_mark boolean
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    seen bigint := CASE WHEN p_is_shown THEN p_seq ELSE 0 END;
    before bigint;
BEGIN
    SELECT r.shown_seq INTO before FROM messaging.channel_reads r
    WHERE r.channel_id = ch.id AND r.member_id = p_member_id;
    INSERT INTO messaging.channel_reads AS r (channel_id, member_id, read_seq, shown_seq)
    VALUES (ch.id, p_member_id, p_seq, seen)
    ON CONFLICT (channel_id, member_id) DO UPDATE SET
        read_seq = greatest(r.read_seq, excluded.read_seq), shown_seq = greatest(r.shown_seq, excluded.shown_seq),
        marked_unread = false, updated_at = now()
    WHERE r.read_seq < excluded.read_seq OR r.shown_seq < excluded.shown_seq OR p_ends_mark AND r.marked_unread;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF p_is_shown AND p_seq > coalesce(before, 0) THEN
        PERFORM messaging.publish_receipt(ch, p_member_id, p_seq, NULL);
    END IF;
    RETURN true;
END
$$;

-- The same of a thread, for who has a marker there.
CREATE FUNCTION messaging.move_thread_marker(
    ch public.channels, p_thread_id uuid, p_member_id text, p_seq bigint, p_is_shown boolean
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messaging.thread_members SET read_seq = greatest(read_seq, p_seq), updated_at = now(),
        shown_seq = CASE WHEN p_is_shown THEN greatest(shown_seq, p_seq) ELSE shown_seq END
    WHERE root_id = p_thread_id AND member_id = p_member_id AND channel_id = ch.id
        AND (read_seq < p_seq OR p_is_shown AND shown_seq < p_seq);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF p_is_shown THEN
        PERFORM messaging.publish_receipt(ch, p_member_id, p_seq, p_thread_id);
    END IF;
    RETURN true;
END
$$;

-- Marks a channel as unread, until it is read.
CREATE FUNCTION messaging.mark_unread(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_limits jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    SELECT s.code, s.details INTO refusal, document
    FROM messaging.set_reading(p_caller, p_microdaos, p_channel_id, true, NULL, p_limits) s;
END
$$;

-- Whether what is unread in a channel is left out of the caller's total.
CREATE FUNCTION messaging.set_muted(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_is_muted boolean, p_limits jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    SELECT s.code, s.details INTO refusal, document
    FROM messaging.set_reading(p_caller, p_microdaos, p_channel_id, NULL, p_is_muted, p_limits) s;
END
$$;

-- Changes one of a person's own marks; NULL leaves it. Who had no marker has read everything.
CREATE FUNCTION messaging.set_reading(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_marked_unread boolean, p_is_muted boolean, p_limits jsonb,
    OUT code messaging.refusal, OUT details json
) LANGUAGE plpgsql AS $$
DECLARE
    lookup record;
    ch public.channels;
    before messaging.channel_reads;
BEGIN
    lookup := messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'read');
    code := lookup.refusal;
    IF code IS NOT NULL THEN
        RETURN;
    END IF;
    ch := lookup.channel;
    SELECT * INTO before FROM messaging.channel_reads WHERE channel_id = p_channel_id AND member_id = p_caller;
    IF coalesce(p_marked_unread, before.marked_unread, false) <> coalesce(before.marked_unread, false)
        OR coalesce(p_is_muted, before.is_muted, false) <> coalesce(before.is_muted, false) THEN
        SELECT l.refusal, l.details INTO code, details FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
        IF code IS NOT NULL THEN
            RETURN;
        END IF;
        INSERT INTO messaging.channel_reads AS r (channel_id, member_id, read_seq, marked_unread, is_muted)
        VALUES (p_channel_id, p_caller, ch.last_seq, coalesce(p_marked_unread, false), coalesce(p_is_muted, false))
        ON CONFLICT (channel_id, member_id) DO UPDATE SET
            marked_unread = coalesce(p_marked_unread, r.marked_unread), is_muted = coalesce(p_is_muted, r.is_muted),
            updated_at = now();
        details := messaging.publish_reading(ch, p_caller);
    END IF;
    details := coalesce(details, messaging.reading_json(ch, p_caller, p_microdaos));
END
$$;
