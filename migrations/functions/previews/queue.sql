-- Links on their way to what they show. Every relay takes some; a page is read by one at a time, whoever asks for it.

-- Which links are next: known, those whose page is known, which only have to be shown (show_link); and claimed, those that the
-- caller reads from here on, at most p_limit, and tells of by record_link within p_lease seconds. Of a host one at a time, and
-- the next one p_pause seconds later; channels take turns.
CREATE FUNCTION messaging.claim_links(
    p_limit integer, p_lease integer, p_pause integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    former_pictures text[];
BEGIN
    document := '{"known": [], "claimed": []}';
    -- One after the other, as a pause between two reads of a host holds only so. Who comes meanwhile asks again.
    IF NOT pg_try_advisory_xact_lock(hashtextextended('messaging.claim_links', 0)) THEN
        RETURN;
    END IF;
    UPDATE messaging.message_previews SET waiting_since = NULL WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM messaging.message_previews WHERE waiting_since < now() - messaging.max_link_wait()
        ORDER BY waiting_since LIMIT 1000 FOR UPDATE SKIP LOCKED));
    -- From one channel to the next, so that whoever floods some of them holds up nobody in the others: their turns are
    -- taken among microDAOs first, and in each among its channels.
    WITH RECURSIVE channels AS (
        (SELECT p.channel_id FROM messaging.message_previews p
         WHERE p.waiting_since IS NOT NULL ORDER BY p.channel_id LIMIT 1)
        UNION ALL
        SELECT (SELECT p.channel_id FROM messaging.message_previews p
                WHERE p.waiting_since IS NOT NULL AND p.channel_id > c.channel_id ORDER BY p.channel_id LIMIT 1)
        FROM channels c WHERE c.channel_id IS NOT NULL
    ), waiting AS MATERIALIZED (
        SELECT w.url, w.waiting_since, w.turn, ch.microdao_id
        FROM channels c JOIN public.channels ch ON ch.id = c.channel_id AND messaging.shows_previews(ch)
        CROSS JOIN LATERAL (
            SELECT p.url, p.waiting_since, row_number() OVER (ORDER BY p.waiting_since) AS turn
            FROM messaging.message_previews p WHERE p.channel_id = c.channel_id AND p.waiting_since IS NOT NULL) w
        ORDER BY w.turn, w.waiting_since LIMIT 5000
    ), turns AS (
        SELECT t.url, min(t.turn) AS turn, min(t.waiting_since) AS waiting_since
        FROM (SELECT w.url, w.waiting_since,
                     row_number() OVER (PARTITION BY w.microdao_id ORDER BY w.turn, w.waiting_since) AS turn
              FROM waiting w) t
        GROUP BY t.url
    ), links AS (
        -- However an address spells it: with a port, or with the dot of its end.
        SELECT t.*, rtrim(substring(t.url FROM '^https?://(\[[^]]*\]|[^/?#:]*)'), '.') AS host, k.expires_at > now() AS is_known
        FROM turns t LEFT JOIN messaging.link_pages k ON k.url = t.url
        WHERE coalesce(k.lease_until < now(), true)
    ), next AS (
        SELECT DISTINCT ON (l.host) l.url, l.host, l.turn, l.waiting_since FROM links l
        WHERE l.is_known IS NOT TRUE AND NOT EXISTS (
            SELECT FROM messaging.link_pages k
            WHERE k.host = l.host AND (k.claimed_at > now() - make_interval(secs => p_pause) OR k.lease_until > now()))
            AND NOT EXISTS (
                SELECT FROM messaging.rate_limits r
                WHERE r.class = 'preview_host' AND r.key = l.host AND r.theoretical_arrival_at > now())
        ORDER BY l.host, l.turn, l.waiting_since
    ), chosen AS MATERIALIZED (
        SELECT n.url, n.host FROM next n ORDER BY n.turn, n.waiting_since LIMIT p_limit
    ), claimed AS (
        INSERT INTO messaging.link_pages AS k (url, host, lease_until, attempts)
        SELECT n.url, n.host, now() + make_interval(secs => p_lease), 1 FROM chosen n
        ON CONFLICT (url) DO UPDATE SET claimed_at = now(), lease_until = excluded.lease_until, page = NULL,
            attempts = k.attempts + 1,
            -- One with which relay after relay was lost is not tried for ever.
            expires_at = CASE WHEN k.attempts >= 2 THEN now() + interval '1 hour' ELSE '-infinity' END
        RETURNING k.url
    )
    SELECT json_build_object(
        'known', coalesce((SELECT json_agg(k.url) FROM (SELECT l.url FROM links l WHERE l.is_known
                                                        ORDER BY l.turn, l.waiting_since LIMIT 100) k), '[]'),
        'claimed', coalesce((SELECT json_agg(c.url) FROM claimed c), '[]')),
        -- As it was before they were claimed: what is found now may have another picture.
        ARRAY(SELECT k.page #>> '{image,content_uri}' FROM messaging.link_pages k JOIN chosen USING (url))
    INTO document, former_pictures;
    PERFORM messaging.release_pictures(former_pictures);
END
$$;

-- Takes the next turn to ask a host: p_pause seconds behind the one before it, whoever took that. wait_ms: how long it is until
-- then, at most p_patience seconds; NULL: longer, and none is taken. Every host that a look at a link asks needs one, wherever
-- it learnt its name.
CREATE FUNCTION messaging.take_turn(
    p_host text, p_pause integer, p_patience integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    pause interval := make_interval(secs => p_pause);
    patience interval := make_interval(secs => p_patience);
    free_at timestamptz;
BEGIN
    INSERT INTO messaging.rate_limits AS r (class, key, theoretical_arrival_at)
    VALUES ('preview_host', p_host, clock_timestamp() + pause)
    ON CONFLICT (class, key) DO UPDATE SET theoretical_arrival_at = pause + CASE
        WHEN r.theoretical_arrival_at > clock_timestamp() + patience + pause + interval '10 seconds' THEN clock_timestamp()
        ELSE greatest(r.theoretical_arrival_at, clock_timestamp()) END
    -- Further ahead it can only be by a clock that was set back.
    WHERE r.theoretical_arrival_at <= clock_timestamp() + patience
        OR r.theoretical_arrival_at > clock_timestamp() + patience + pause + interval '10 seconds'
    RETURNING r.theoretical_arrival_at - pause INTO free_at;
    document := json_build_object('wait_ms', CASE WHEN FOUND THEN
        ceil(greatest(extract(epoch FROM free_at - clock_timestamp()), 0) * 1000)::bigint END);
END
$$;

-- A claimed link could not be looked at, as a host that it leads to is busy. It is tried again some seconds later, and as often
-- as one with which relays are lost.
CREATE FUNCTION messaging.release_link(p_url text, OUT refusal messaging.refusal, OUT document json) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messaging.link_pages SET lease_until = now() + make_interval(secs => 3 * attempts) WHERE url = p_url;
END
$$;

-- What a page was found to be: known for p_seconds from here on. p_page NULL: there is nothing to show.
CREATE FUNCTION messaging.record_link(
    p_url text, p_page jsonb, p_seconds integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    former messaging.link_pages;
BEGIN
    SELECT * INTO former FROM messaging.link_pages WHERE url = p_url FOR UPDATE;
    UPDATE messaging.link_pages SET page = p_page, lease_until = NULL, attempts = 0,
        expires_at = now() + make_interval(secs => p_seconds)
    WHERE url = p_url;
    -- Of a page that was read twice one picture is left; of one that is gone meanwhile none.
    PERFORM messaging.release_pictures(
        ARRAY[former.page #>> '{image,content_uri}', CASE WHEN former.url IS NULL THEN p_page #>> '{image,content_uri}' END]);
END
$$;

-- Shows a known page in one of the messages that wait for it. has_more: there are others. is_shown: it has something to show,
-- and the message may.
CREATE FUNCTION messaging.show_link(p_url text, OUT refusal messaging.refusal, OUT document json) LANGUAGE plpgsql AS $$
DECLARE
    waiting messaging.message_previews;
    ch public.channels;
    m public.messages;
    known messaging.link_pages;
BEGIN
    document := '{"has_more": false, "is_shown": false}';
    -- Never waits for a channel: another one's links would wait with it. Who holds it is done when the link's turn comes again.
    SELECT c.* INTO ch FROM messaging.message_previews p JOIN public.channels c ON c.id = p.channel_id
    WHERE p.url = p_url AND p.waiting_since IS NOT NULL ORDER BY p.waiting_since LIMIT 1
    FOR NO KEY UPDATE OF c SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- Again, as another relay may have been faster, and the message may have been edited or deleted.
    SELECT * INTO waiting FROM messaging.message_previews
    WHERE url = p_url AND channel_id = ch.id AND waiting_since IS NOT NULL ORDER BY waiting_since LIMIT 1;
    IF NOT FOUND THEN
        document := '{"has_more": true, "is_shown": false}';
        RETURN;
    END IF;
    SELECT * INTO known FROM messaging.link_pages
    WHERE url = p_url AND expires_at > now() AND coalesce(lease_until < now(), true);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO m FROM public.messages WHERE id = waiting.message_id;
    IF known.page IS NULL OR m.deleted_at IS NOT NULL OR NOT messaging.shows_previews(ch) THEN
        UPDATE messaging.message_previews SET waiting_since = NULL WHERE id = waiting.id;
        document := '{"has_more": true, "is_shown": false}';
        RETURN;
    END IF;
    UPDATE messaging.message_previews SET waiting_since = NULL, page = known.page,
        image_uri = known.page #>> '{image,content_uri}'
    WHERE id = waiting.id;
    UPDATE public.messages SET previews = messaging.previews_of(id) WHERE id = m.id RETURNING * INTO m;
    PERFORM messaging.emit_previews(ch, m);
    document := '{"has_more": true, "is_shown": true}';
END
$$;

-- Whether the picture of a page, of so many bytes, may be stored: the homeserver keeps it for good. Who has sent the link that
-- waits longest for the page pays for it, and their microDAO: 100 MiB a day of a person or agent, 1 GiB of a microDAO. Without it
-- the page is shown without its picture.
CREATE FUNCTION messaging.may_store_picture(
    p_url text, p_size bigint, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    amount bigint := messaging.kib_of(p_size);
    who record;
    is_taken boolean := false;
BEGIN
    SELECT m.sender_id, ch.microdao_id INTO who
    FROM messaging.message_previews p
    JOIN public.messages m ON m.id = p.message_id JOIN public.channels ch ON ch.id = p.channel_id
    WHERE p.url = p_url AND p.waiting_since IS NOT NULL ORDER BY p.waiting_since LIMIT 1;
    IF FOUND THEN
        SELECT t.is_taken INTO is_taken FROM messaging.take_from_limit('preview_kib', who.sender_id, 102400, 86400, amount) t;
        IF is_taken THEN
            SELECT t.is_taken INTO is_taken
            FROM messaging.take_from_limit('preview_kib', who.microdao_id, 1048576, 86400, amount) t;
        END IF;
    END IF;
    document := json_build_object('is_allowed', is_taken);
END
$$;
