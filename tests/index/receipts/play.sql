-- Makes a public channel and plays acts in it, all in one statement; returns what each act has led to: the channel's last
-- number, and what was asked for.
CREATE FUNCTION pg_temp.play(p_channel_id uuid, p_acts jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    room text := '!' || p_channel_id;
    act jsonb;
    who text;
    moment text;
    ch public.channels;
    n integer := 0;
    outcome jsonb;
    outcomes jsonb[] := '{}';
BEGIN
    INSERT INTO public.channels (id, slug, name, microdao_id, matrix_room_id, visibility, created_by)
    VALUES (p_channel_id, p_channel_id::text, 'x', 'microdao:random', room, 'public', 'user:nobody');
    -- Everybody may mention the room.
    INSERT INTO messaging.room_levels (channel_id, levels, room_mention_level) VALUES (p_channel_id, '{}', 0);
    FOR act IN SELECT * FROM jsonb_array_elements(p_acts) LOOP
        n := n + 1;
        who := act ->> 'who';
        moment := to_char(timestamp '2026-01-01' + n * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');
        outcome := '{}';
        CASE act ->> 'do'
        WHEN 'join', 'leave' THEN
            PERFORM messaging.record_membership(p_room_id => room, p_member_id => who, p_member_type => 'human',
                p_matrix_user_id => '@' || who, p_membership => act ->> 'do', p_sender_id => who, p_by_bot => false,
                p_changed_at => moment);
        WHEN 'send' THEN
            PERFORM messaging.record_message(p_room_id => room, p_message_id => (act ->> 'id')::uuid,
                p_event_id => act ->> 'id', p_matrix_type => 'm.room.message', p_sender_id => who, p_sender_type => 'human',
                p_sender_matrix_id => '@' || who, p_content_preview => 'text', p_content_type => 'text',
                p_reply_to_event_id => NULL, p_client_key => NULL, p_fingerprint => NULL, p_sent_at => NULL,
                p_joined_at => NULL, p_pushed_content => NULL, p_thread_event_id => act ->> 'root',
                p_mentions => ARRAY(SELECT jsonb_array_elements_text(act -> 'mentions')));
            SELECT jsonb_build_object('seq', m.seq, 'thread_id', m.thread_id) INTO outcome
            FROM public.messages m WHERE m.id = (act ->> 'id')::uuid;
        WHEN 'delete' THEN
            PERFORM messaging.record_redaction(p_room_id => room, p_target_event_id => act ->> 'id', p_actor_id => who,
                p_by_bot => false);
        WHEN 'edit' THEN
            PERFORM messaging.record_edit(p_room_id => room, p_target_event_id => act ->> 'id', p_event_id => act ->> 'event',
                p_sender_id => who, p_content_preview => 'edited', p_edited_at => moment);
        WHEN 'react' THEN
            PERFORM messaging.record_reaction(p_room_id => room, p_target_event_id => act ->> 'id',
                p_event_id => act ->> 'event', p_reactor_id => who, p_reactor_type => 'human',
                p_reactor_matrix_id => '@' || who, p_emoji => act ->> 'event', p_joined_at => NULL);
        WHEN 'read' THEN
            PERFORM messaging.mark_read(p_caller => who, p_microdaos => NULL, p_channel_id => p_channel_id,
                p_message_id => (act ->> 'id')::uuid, p_seq => (act ->> 'seq')::bigint, p_thread_id => (act ->> 'root')::uuid,
                p_is_private => (act ->> 'private')::boolean);
        WHEN 'receipt' THEN
            PERFORM messaging.record_receipts(p_room_id => room, p_receipts => jsonb_build_array(jsonb_build_object(
                'event_id', act ->> 'id', 'member_id', who, 'is_private', act -> 'private',
                'thread_event_id', act ->> 'root')));
        WHEN 'mark' THEN
            PERFORM messaging.mark_unread(p_caller => who, p_microdaos => NULL, p_channel_id => p_channel_id);
        WHEN 'look' THEN
            SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
            outcome := jsonb_build_object(
                'reading', messaging.reading_json(ch, who, NULL),
                'shown', messaging.shown_receipts(p_channel_id),
                'threads', (SELECT jsonb_object_agg(t.root_id, messaging.count_unread_replies(t.root_id, who, t.read_seq))
                            FROM messaging.thread_members t WHERE t.channel_id = p_channel_id AND t.member_id = who));
        END CASE;
        outcomes := outcomes || (outcome || jsonb_build_object(
            'last', (SELECT last_seq FROM public.channels WHERE id = p_channel_id)));
    END LOOP;
    RETURN to_jsonb(outcomes);
END
$$;
