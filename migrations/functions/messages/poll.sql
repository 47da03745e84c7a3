-- What a poll asks, and how many voted for what (Matrix client-server API, "Polls"; MSC3381).

-- How many votes of a person are kept for one poll: the newest.
CREATE FUNCTION messaging.max_votes_of_person() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 5
$$;

-- How many people of a poll are counted at most.
CREATE FUNCTION messaging.max_counted_voters() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 5000
$$;

-- What a message asks is this now: {question, answers: [{id, text}], max_selections, is_disclosed}; NULL where it is no poll
-- that can be read. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.keep_poll(ch public.channels, m public.messages, p_poll jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF m.content_type <> 'poll' OR p_poll IS NULL OR ch.is_encrypted THEN
        DELETE FROM messaging.polls WHERE message_id = m.id;
        RETURN;
    END IF;
    INSERT INTO messaging.polls (message_id, channel_id, question, answers, max_selections, is_disclosed)
    VALUES (m.id, ch.id, p_poll ->> 'question', p_poll -> 'answers', (p_poll ->> 'max_selections')::integer,
            (p_poll ->> 'is_disclosed')::boolean)
    ON CONFLICT (message_id) DO UPDATE SET question = excluded.question, answers = excluded.answers,
        max_selections = excluded.max_selections,
        -- Who voted was promised that nobody sees it before the end.
        is_disclosed = polls.is_disclosed AND excluded.is_disclosed;
END
$$;

-- A vote that is in Matrix. p_answers: the ids that it names, each once, in its order; none where it is spoiled.
CREATE FUNCTION messaging.record_poll_vote(
    p_room_id text, p_target_event_id text, p_event_id text, p_voter_id text, p_answers text[], p_voted_at text,
    p_voter_matrix_id text DEFAULT NULL, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.messages;
    ended timestamptz;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    SELECT * INTO m FROM public.messages WHERE matrix_event_id = p_target_event_id AND channel_id = ch.id;
    IF m.id IS NULL THEN
        IF ch.id IS NOT NULL AND NOT EXISTS (
            SELECT FROM messaging.pending_redactions
            WHERE channel_id = ch.id AND event_id IN (p_target_event_id, p_event_id)) THEN
            PERFORM messaging.keep_pending_relation(ch, p_target_event_id, p_event_id, 'poll_vote', jsonb_build_object(
                'voter_id', p_voter_id, 'answers', p_answers, 'voted_at', p_voted_at,
                'voter_matrix_id', p_voter_matrix_id));
        END IF;
        refusal := 'message_not_found';
        RETURN;
    END IF;
    IF m.content_type <> 'poll' OR m.deleted_at IS NOT NULL OR ch.archived_at IS NOT NULL
        OR EXISTS (SELECT FROM messaging.pending_redactions WHERE channel_id = ch.id AND event_id = p_event_id) THEN
        RETURN;
    END IF;
    IF ch.hold_reason IS NULL AND (messaging.is_being_erased(p_voter_id)
                                   OR messaging.is_of_erased(p_voter_matrix_id, p_voted_at::timestamptz)) THEN
        PERFORM messaging.note_unindexed(ch, p_room_id, p_event_id);
        RETURN;
    END IF;
    -- Never in the future, whatever the voter's server says: such a vote would be the last one for ever.
    INSERT INTO messaging.poll_votes (event_id, message_id, channel_id, voter_id, voted_at, answers)
    VALUES (p_event_id, m.id, ch.id, p_voter_id, least(p_voted_at::timestamptz, now()), p_answers)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    ended := coalesce((SELECT p.ended_at FROM messaging.polls p WHERE p.message_id = m.id), m.poll_ended_at);
    -- What came after the end takes no place from what counts. An older one that is told again must not come back.
    WITH older AS (
        DELETE FROM messaging.poll_votes WHERE event_id IN (
            SELECT v.event_id FROM messaging.poll_votes v WHERE v.message_id = m.id AND v.voter_id = p_voter_id
            ORDER BY (ended IS NULL OR v.voted_at <= ended) DESC, v.voted_at DESC, v.event_id DESC
            OFFSET messaging.max_votes_of_person())
        RETURNING event_id
    )
    INSERT INTO messaging.pending_redactions (event_id, channel_id) SELECT event_id, ch.id FROM older ON CONFLICT DO NOTHING;
END
$$;

-- A vote was redacted, and the one before it counts again; returns whether there was one. The caller of this function holds
-- the channel's row.
CREATE FUNCTION messaging.remove_poll_vote(ch public.channels, p_event_id text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM messaging.poll_votes WHERE event_id = p_event_id AND channel_id = ch.id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO messaging.pending_redactions (event_id, channel_id) VALUES (p_event_id, ch.id) ON CONFLICT DO NOTHING;
    RETURN true;
END
$$;

-- What is kept of a poll goes with its message.
CREATE FUNCTION messaging.forget_poll(p_message_id uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM messaging.polls WHERE message_id = p_message_id;
    DELETE FROM messaging.poll_votes WHERE message_id = p_message_id;
END
$$;

-- What each person has voted for, at most max_counted_voters, with p_voter_id of this one alone: their last vote up to the end
-- (p_ended_at), if the poll has all of its answers, and of those no more than p_max. It counts while they are members of the
-- channel, and after the end if they were members then.
CREATE FUNCTION messaging.counted_votes(
    p_message_id uuid, p_channel_id uuid, p_ids text[], p_max integer, p_ended_at timestamptz, p_voter_id text
) RETURNS TABLE (answers text[]) LANGUAGE plpgsql STABLE ROWS 100
-- Each voter is looked up, whatever the planner believes to be few of them; and of one alone nobody else's votes are read, also
-- where the caller's plans are kept.
SET enable_sort = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    RETURN QUERY SELECT last.answers[:p_max] FROM (
        SELECT DISTINCT ON (v.voter_id) v.voter_id, v.answers FROM messaging.poll_votes v
        WHERE v.message_id = p_message_id AND (p_voter_id IS NULL OR v.voter_id = p_voter_id)
            AND (p_ended_at IS NULL OR v.voted_at <= p_ended_at)
            AND EXISTS (SELECT FROM public.channel_members c
                        WHERE c.channel_id = p_channel_id AND c.member_id = v.voter_id AND c.joined_at IS NOT NULL
                            AND (c.left_at IS NULL OR c.left_at > p_ended_at))
        ORDER BY v.voter_id, v.voted_at DESC, v.event_id DESC LIMIT messaging.max_counted_voters()) last
    WHERE cardinality(last.answers) > 0 AND last.answers <@ p_ids;
END
$$;

-- The poll that a message is, as a member of its document; empty where there is none. Until the end of one that is not
-- disclosed, nobody is told how many voted.
CREATE FUNCTION messaging.poll_text(p_message_id uuid, p_ended_at timestamptz, p_caller text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    poll messaging.polls;
    ended timestamptz;
    ids text[];
    voters bigint;
    counts jsonb;
BEGIN
    SELECT * INTO poll FROM messaging.polls WHERE message_id = p_message_id;
    IF NOT FOUND THEN
        RETURN '';
    END IF;
    ended := CASE WHEN p_ended_at IS NOT NULL THEN coalesce(poll.ended_at, p_ended_at) END;
    ids := ARRAY(SELECT a ->> 'id' FROM jsonb_array_elements(poll.answers) a);
    IF poll.is_disclosed OR p_ended_at IS NOT NULL THEN
        SELECT coalesce(sum(c.people) FILTER (WHERE c.answer IS NULL), 0), jsonb_object_agg(c.answer, c.people) FILTER (WHERE c.answer IS NOT NULL)
        INTO voters, counts FROM (
            SELECT chosen.answer, count(*) AS people
            FROM messaging.counted_votes(p_message_id, poll.channel_id, ids, poll.max_selections, ended, NULL) v
            CROSS JOIN LATERAL unnest(v.answers || NULL::text) chosen (answer) GROUP BY chosen.answer) c;
    END IF;
    RETURN ',"poll":' || json_build_object(
        'question', poll.question,
        'answers', (SELECT json_agg(json_build_object('id', a.answer ->> 'id', 'text', a.answer ->> 'text',
                        'votes', CASE WHEN voters IS NOT NULL THEN coalesce((counts ->> (a.answer ->> 'id'))::bigint, 0) END)
                        ORDER BY a.place)
                    FROM jsonb_array_elements(poll.answers) WITH ORDINALITY a (answer, place)),
        'max_selections', poll.max_selections, 'voters', voters,
        'my_answers', coalesce(to_json((SELECT v.answers FROM messaging.counted_votes(
            p_message_id, poll.channel_id, ids, poll.max_selections, ended, p_caller) v WHERE p_caller IS NOT NULL)), '[]'),
        'ended_at', messaging.rfc3339(p_ended_at), 'disclosed', poll.is_disclosed);
END
$$;
