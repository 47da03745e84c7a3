-- Which of the messages and reactions that the homeserver pushes are here already, so that recording them again would change
-- nothing: mostly our own, which the API has recorded. Without it each would hold its channel's row, and wait for the disk, only
-- to be found. p_client_keys: the idempotency key in each event; a message that has not got it yet, or lacks what only the
-- event tells (its words, its file), is left to record_message. Planned once: for few of them a plan of their own seems cheap, and takes
-- longer to make than to run.
CREATE FUNCTION messaging.find_recorded(
    p_event_ids text[], p_client_keys text[], OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    SELECT json_build_object('event_ids', coalesce(json_agg(e.event_id), '[]')) INTO document
    FROM unnest(p_event_ids, p_client_keys) AS e (event_id, client_key)
    WHERE EXISTS (
            SELECT FROM public.messages m
            WHERE m.matrix_event_id = e.event_id AND NOT m.awaits_reindex
                AND (e.client_key IS NULL OR m.client_key = e.client_key)
                AND (m.content_type = 'text' OR EXISTS (SELECT FROM messaging.message_files f WHERE f.message_id = m.id)))
        OR EXISTS (SELECT FROM public.message_reactions r WHERE r.matrix_event_id = e.event_id);
END
$$;
