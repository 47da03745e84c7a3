-- What came before the message that it belongs to: edits, reactions, votes and ends of polls.

-- Keeps what came before its message; a stranger's flood of them is cut off.
CREATE FUNCTION messaging.keep_pending_relation(
    ch public.channels, p_target_event_id text, p_event_id text, p_kind text, p_parameters jsonb
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO messaging.pending_relations (event_id, target_event_id, channel_id, kind, parameters)
    SELECT p_event_id, p_target_event_id, ch.id, p_kind, p_parameters
    WHERE (SELECT count(*) FROM messaging.pending_relations
           WHERE channel_id = ch.id AND target_event_id = p_target_event_id) < 100
    ON CONFLICT DO NOTHING;
END
$$;

-- Applies what came before its message, in the same channel: another room's members cannot relate to it.
CREATE FUNCTION messaging.apply_pending_relations(p_channel_id uuid, p_room_id text, p_event_id text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    r messaging.pending_relations;
BEGIN
    FOR r IN DELETE FROM messaging.pending_relations
             WHERE channel_id = p_channel_id AND target_event_id = p_event_id RETURNING * LOOP
        IF r.kind = 'edit' THEN
            PERFORM messaging.record_edit(p_room_id, p_event_id, r.event_id, r.parameters ->> 'sender_id',
                r.parameters ->> 'content_preview', r.parameters ->> 'edited_at', NULL, (r.parameters ->> 'origin_ts')::bigint,
                r.parameters ->> 'matrix_type', r.parameters ->> 'content_type',
                CASE WHEN jsonb_typeof(r.parameters -> 'mentions') = 'array'
                    THEN ARRAY(SELECT jsonb_array_elements_text(r.parameters -> 'mentions')) END,
                r.parameters ->> 'unquoted_preview', nullif(r.parameters -> 'poll', 'null'),
                nullif(r.parameters -> 'search', 'null'), nullif(r.parameters -> 'unquoted_search', 'null'),
                nullif(r.parameters -> 'file', 'null'));
        ELSIF r.kind = 'poll_end' THEN
            PERFORM messaging.record_poll_end(p_room_id, p_event_id, r.event_id, r.parameters ->> 'sender_id',
                r.parameters ->> 'ended_at');
        ELSIF r.kind = 'poll_vote' THEN
            PERFORM messaging.record_poll_vote(p_room_id, p_event_id, r.event_id, r.parameters ->> 'voter_id',
                ARRAY(SELECT jsonb_array_elements_text(r.parameters -> 'answers')), r.parameters ->> 'voted_at', r.parameters ->> 'voter_matrix_id');
        ELSE
            PERFORM messaging.record_reaction(p_room_id, p_event_id, r.event_id, r.parameters ->> 'reactor_id',
                r.parameters ->> 'reactor_type', r.parameters ->> 'reactor_matrix_id', r.parameters ->> 'emoji', NULL, true,
                r.parameters ->> 'sent_at');
        END IF;
    END LOOP;
END
$$;
