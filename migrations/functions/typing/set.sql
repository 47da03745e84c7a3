-- The caller types, for 10 seconds from this moment on, or stops. What comes within a second of the last time changes
-- nothing. must_tell: the homeserver is to be told, which is every 10 seconds, and when they stop; of 5 channels of one person
-- in 10 seconds, as nobody writes in more. Who would join by writing may type, and nobody is told: they are not in the room.
CREATE FUNCTION messaging.set_typing(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_is_typing boolean,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    writer record;
    t messaging.typing;
    must_tell boolean := false;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
    writer := messaging.writer(ch, p_caller, p_microdaos);
    refusal := writer.refusal;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    IF NOT writer.must_join THEN
        PERFORM messaging.begin_typing(ch.id);
        SELECT * INTO t FROM messaging.typing WHERE channel_id = ch.id AND member_id = p_caller;
        IF NOT p_is_typing THEN
            must_tell := messaging.stop_typing(ch, p_caller);
        ELSIF t.said_at IS NULL OR t.said_at <= now() - interval '1 second' THEN
            -- Sooner when they had stopped, as the homeserver was told that as well.
            must_tell := (t.told_at IS NULL
                          OR t.told_at <= now() - CASE WHEN t.until > now() THEN interval '10 seconds' ELSE interval '2 seconds' END)
                AND (SELECT count(*) FROM messaging.typing o
                     WHERE o.member_id = p_caller AND o.told_at > now() - interval '10 seconds') < 5;
            INSERT INTO messaging.typing AS n (channel_id, member_id, until, said_at, told_at, echoes_until)
            VALUES (ch.id, p_caller, now() + interval '10 seconds', now(), CASE WHEN must_tell THEN now() ELSE '-infinity' END,
                    CASE WHEN must_tell THEN now() + interval '26 seconds' ELSE '-infinity' END)
            ON CONFLICT (channel_id, member_id) DO UPDATE SET until = excluded.until, said_at = now(), is_shown = true,
                began_at = CASE WHEN greatest(n.until, n.room_until) > now() THEN n.began_at ELSE now() END,
                told_at = CASE WHEN must_tell THEN now() ELSE n.told_at END,
                -- The homeserver is told 20 seconds, and takes a few more to notice that they are over.
                echoes_until = CASE WHEN must_tell THEN excluded.echoes_until ELSE n.echoes_until END;
            -- Again every 10 seconds: a frame may have been lost, and readers forget who is not heard of.
            IF must_tell OR greatest(t.until, t.room_until, '-infinity') <= now() THEN
                PERFORM messaging.publish_typing(ch);
            END IF;
        END IF;
    END IF;
    document := json_build_object('room_id', ch.matrix_room_id, 'must_tell', must_tell);
END
$$;

-- Whether the homeserver still has somebody as typing because it was told so.
CREATE FUNCTION messaging.is_typing_in_room(p_channel_id uuid, p_member_id text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM messaging.typing WHERE channel_id = p_channel_id AND member_id = p_member_id
                   AND echoes_until > now() + interval '2 seconds');
END
$$;

-- They stop, or have sent what they typed. Returns whether the homeserver has to be told.
CREATE FUNCTION messaging.stop_typing(ch public.channels, p_member_id text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    must_tell boolean;
BEGIN
    IF NOT EXISTS (SELECT FROM messaging.typing WHERE channel_id = ch.id AND member_id = p_member_id
                   AND greatest(until, room_until, echoes_until) > now()) THEN
        RETURN false;
    END IF;
    PERFORM messaging.lock_typing(ch.id);
    must_tell := messaging.is_typing_in_room(ch.id, p_member_id);
    UPDATE messaging.typing SET until = '-infinity', room_until = '-infinity',
        -- What the homeserver was about to tell.
        echoes_until = least(echoes_until, now() + interval '2 seconds')
    WHERE channel_id = ch.id AND member_id = p_member_id;
    UPDATE messaging.typing SET is_shown = false WHERE channel_id = ch.id AND member_id = p_member_id AND is_shown;
    IF FOUND THEN
        PERFORM messaging.publish_typing(ch);
    END IF;
    RETURN must_tell;
END
$$;

-- Before the homeserver is told by the app what a relay has recorded: whether that is so.
CREATE FUNCTION messaging.find_typist(
    p_channel_id uuid, p_member_id text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch public.channels;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM public.channel_members WHERE channel_id = p_channel_id AND member_id = p_member_id
                   AND left_at IS NULL AND joined_at IS NOT NULL) THEN
        refusal := 'member_not_found';
        RETURN;
    END IF;
    document := json_build_object('room_id', ch.matrix_room_id, 'is_typing', EXISTS (
        SELECT FROM messaging.typing WHERE channel_id = p_channel_id AND member_id = p_member_id AND until > now()));
END
$$;
