CREATE FUNCTION messaging.get_channel(
    p_caller text, p_microdaos text[], p_channel_id uuid, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    lookup record;
    ch public.channels;
BEGIN
    lookup := messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'know');
    refusal := lookup.refusal;
    IF refusal IS NULL THEN
        ch := lookup.channel;
        document := messaging.channel_document(ch, p_caller, p_microdaos);
    END IF;
END
$$;
