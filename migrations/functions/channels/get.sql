CREATE FUNCTION messaging.get_channel(
    p_caller text, p_microdaos text[], p_channel_id uuid, OUT refusal messaging.refusal, OUT document text
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    lookup record;
BEGIN
    lookup := messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'know');
    refusal := lookup.refusal;
    IF refusal IS NULL THEN
        document := (messaging.channel_documents(ARRAY[p_channel_id], p_caller, p_microdaos))[1];
    END IF;
END
$$;
