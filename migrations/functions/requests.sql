-- Requests with an Idempotency-Key.

-- Whether the request that a key came with before was another one. A fingerprint is made with the service's secret and
-- begins with '2:', because anybody could find a short text by the plain hash of it, which earlier versions stored. The two
-- kinds cannot be compared, nor can one that went with a deleted text: then the key alone decides.
CREATE FUNCTION messaging.is_other_request(p_known text, p_fingerprint text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_known <> '' AND p_known <> p_fingerprint AND (p_known LIKE '2:%') = (p_fingerprint LIKE '2:%')
$$;

-- The request that a key came with before, for a create (p_scope 'channel') or an invitation ('invite <channel>'): a key
-- belongs to its caller and to what it is sent to. Earlier versions kept both under the key alone.
CREATE FUNCTION messaging.known_request(p_caller text, p_scope text, p_client_key text) RETURNS messaging.idempotency_keys
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    known messaging.idempotency_keys;
BEGIN
    SELECT * INTO known FROM messaging.idempotency_keys WHERE caller = p_caller AND key = p_scope || ' ' || p_client_key;
    IF NOT FOUND THEN
        SELECT * INTO known FROM messaging.idempotency_keys k
        WHERE k.caller = p_caller AND k.key = p_client_key AND CASE p_scope
            WHEN 'channel' THEN EXISTS (SELECT FROM public.channels WHERE id = k.resource)
            ELSE EXISTS (SELECT FROM public.channel_members m WHERE m.id = k.resource AND p_scope = 'invite ' || m.channel_id) END;
    END IF;
    RETURN known;
END
$$;

-- Keeps what a request with a key has led to; p_status, where that is not the usual one.
CREATE FUNCTION messaging.keep_request(
    p_caller text, p_scope text, p_client_key text, p_fingerprint text, p_resource uuid, p_status integer DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_client_key IS NOT NULL THEN
        INSERT INTO messaging.idempotency_keys (caller, key, fingerprint, resource, status)
        VALUES (p_caller, p_scope || ' ' || p_client_key, p_fingerprint, p_resource, p_status) ON CONFLICT DO NOTHING;
    END IF;
END
$$;

-- Before a change that has no row of its own to be known by. The document has the response of the same request, if it is
-- finished: one that shows something, as long as the caller may know of the channel. Else it has the run_id of the run that
-- begins, which holds the key for p_seconds, an hour at most: as long as it may last. One that has not ended by then was cut
-- off, and the next one goes on.
CREATE FUNCTION messaging.begin_request(
    p_caller text, p_key text, p_fingerprint text, p_resource uuid, p_microdaos text[] DEFAULT NULL,
    p_seconds integer DEFAULT 60, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    known messaging.idempotency_keys;
    ch public.channels;
    run uuid := gen_random_uuid();
    -- By the clock: a statement that has waited for another one's begins when that has ended.
    free_at timestamptz := clock_timestamp() + make_interval(secs => least(greatest(p_seconds, 1), 3600));
BEGIN
    INSERT INTO messaging.idempotency_keys (caller, key, fingerprint, resource, run_id, held_until)
    VALUES (p_caller, p_key, p_fingerprint, p_resource, run, free_at) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        document := json_build_object('run_id', run);
        RETURN;
    END IF;
    SELECT * INTO known FROM messaging.idempotency_keys WHERE caller = p_caller AND key = p_key FOR UPDATE;
    IF NOT FOUND THEN
        -- It has failed at this moment, and the key is free for whoever asks again.
        refusal := 'request_running';
        RETURN;
    END IF;
    IF messaging.is_other_request(known.fingerprint, p_fingerprint) THEN
        refusal := 'idempotency_key_reused';
    ELSIF known.status IS NOT NULL THEN
        SELECT * INTO ch FROM public.channels WHERE id = known.resource;
        IF FOUND AND known.response <> '' AND messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
            refusal := 'channel_not_found';
        ELSE
            document := json_build_object('status', known.status, 'response', known.response);
        END IF;
    -- Earlier versions said nothing of how long: a minute.
    ELSIF coalesce(known.held_until, known.created_at + interval '1 minute') > clock_timestamp() THEN
        refusal := 'request_running';
    ELSE
        UPDATE messaging.idempotency_keys SET created_at = now(), run_id = run, held_until = free_at
        WHERE caller = p_caller AND key = p_key;
        document := json_build_object('run_id', run);
    END IF;
END
$$;

-- After it. p_status NULL: it failed, and the key is free. Only the run that holds the key ends it: one that was taken for cut
-- off says nothing any more. p_run_id NULL: an earlier version, which knows of no runs.
CREATE FUNCTION messaging.finish_request(
    p_caller text, p_key text, p_status integer, p_response text, p_run_id uuid DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    IF p_status IS NULL THEN
        DELETE FROM messaging.idempotency_keys
        WHERE caller = p_caller AND key = p_key AND status IS NULL AND (p_run_id IS NULL OR run_id = p_run_id);
    ELSE
        UPDATE messaging.idempotency_keys SET status = p_status, response = p_response
        WHERE caller = p_caller AND key = p_key AND status IS NULL AND (p_run_id IS NULL OR run_id = p_run_id);
    END IF;
END
$$;

-- Deletes rows that callers leave behind and that have had their time, at most p_limit of each kind; returns how many, and
-- must_count where count_channels has more to do. A key holds 24 hours. An invitation's intent waits for a push that may be
-- late, and so does what waits for its message; what was redacted has to be known as long as copies of it may come. What is
-- set aside waits for somebody to replay it; Matrix has it still. The outbox has a statement of its own.
CREATE FUNCTION messaging.delete_old_rows(p_limit integer, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql AS $$
DECLARE
    total bigint := 0;
    deleted bigint;
    pictures text[];
BEGIN
    DELETE FROM messaging.idempotency_keys WHERE (caller, key) IN (
        SELECT k.caller, k.key FROM messaging.idempotency_keys k WHERE k.created_at < now() - interval '24 hours'
        ORDER BY k.created_at LIMIT p_limit);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    DELETE FROM messaging.intents WHERE (channel_id, act, target_id) IN (
        SELECT i.channel_id, i.act, i.target_id FROM messaging.intents i WHERE i.created_at < now() - interval '30 days'
        ORDER BY i.created_at LIMIT p_limit);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    DELETE FROM messaging.pending_relations WHERE event_id IN (
        SELECT r.event_id FROM messaging.pending_relations r WHERE r.created_at < now() - interval '30 days'
        ORDER BY r.created_at LIMIT p_limit);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    DELETE FROM messaging.pending_redactions WHERE (channel_id, event_id) IN (
        SELECT r.channel_id, r.event_id FROM messaging.pending_redactions r WHERE r.created_at < now() - interval '90 days'
        ORDER BY r.created_at LIMIT p_limit);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    -- Who has not done anything for a while, so few that they need no index.
    DELETE FROM messaging.rate_limits WHERE ctid = ANY (ARRAY(
        SELECT r.ctid FROM messaging.rate_limits r WHERE r.theoretical_arrival_at < now()
        LIMIT p_limit FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    -- By slug, so few that they need no index.
    DELETE FROM messaging.channel_reservations WHERE (microdao_id, slug) IN (
        SELECT c.microdao_id, c.slug FROM messaging.channel_reservations c WHERE c.reserved_at < now() - interval '30 days'
        LIMIT p_limit);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    DELETE FROM messaging.set_aside_events WHERE event_id IN (
        SELECT s.event_id FROM messaging.set_aside_events s
        WHERE s.set_aside_at IS NOT NULL AND s.first_failed_at < now() - interval '90 days'
        ORDER BY s.first_failed_at LIMIT p_limit);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    -- Those that came again and were indexed have left a count behind.
    DELETE FROM messaging.set_aside_events WHERE event_id IN (
        SELECT s.event_id FROM messaging.set_aside_events s
        WHERE s.set_aside_at IS NULL AND s.last_failed_at < now() - interval '1 day' LIMIT p_limit);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    -- A receipt that nobody could be told for an hour says nothing any more.
    DELETE FROM messaging.receipts_to_send WHERE ctid = ANY (ARRAY(
        SELECT q.ctid FROM messaging.receipts_to_send q WHERE q.created_at < now() - interval '1 hour'
        ORDER BY q.created_at LIMIT p_limit FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    -- What the homeserver could not be asked to delete for a week stays there.
    DELETE FROM messaging.content_to_delete WHERE ctid = ANY (ARRAY(
        SELECT q.ctid FROM messaging.content_to_delete q
        WHERE q.noted_at < now() - interval '7 days' ORDER BY q.noted_at LIMIT p_limit FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    -- Where a relay delivers they go after an hour. Here they go where none does any more.
    DELETE FROM messaging.webhook_deliveries WHERE ctid = ANY (ARRAY(
        SELECT d.ctid FROM messaging.webhook_deliveries d WHERE d.created_at < now() - interval '1 day'
        ORDER BY d.created_at LIMIT p_limit FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    DELETE FROM messaging.search_words WHERE (microdao_id, word) IN (
        SELECT w.microdao_id, w.word FROM messaging.search_words w WHERE w.last_seen_at < now() - interval '400 days'
        ORDER BY w.last_seen_at LIMIT p_limit);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    -- What one message alone has said may have been said by mistake, and have been deleted.
    DELETE FROM messaging.search_words WHERE (microdao_id, word) IN (
        SELECT w.microdao_id, w.word FROM messaging.search_words w
        WHERE w.messages = 1 AND w.last_seen_at < now() - interval '30 days' ORDER BY w.last_seen_at LIMIT p_limit);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    total := total + deleted;
    -- Pages that are known no more, and claims of relays that were lost.
    WITH gone AS (
        DELETE FROM messaging.link_pages WHERE ctid = ANY (ARRAY(
            SELECT k.ctid FROM messaging.link_pages k
            WHERE greatest(k.expires_at, k.claimed_at) < now() - interval '1 hour'
            ORDER BY greatest(k.expires_at, k.claimed_at) LIMIT p_limit FOR UPDATE SKIP LOCKED))
        RETURNING page #>> '{image,content_uri}' AS picture
    )
    SELECT count(*), array_agg(picture) INTO deleted, pictures FROM gone;
    total := total + deleted;
    PERFORM messaging.release_pictures(pictures);
    document := json_strip_nulls(json_build_object(
        'deleted', total, 'must_count', nullif(messaging.count_channels(), false)));
END
$$;
