-- Requests with an Idempotency-Key.

-- Whether the request that a key came with before was another one. A fingerprint is made with the service's secret and begins
-- with '2:', because anybody could find a short text by the plain hash of it, which earlier versions stored. The two kinds
-- cannot be compared, nor can one that went with a deleted text: then the key alone decides.
CREATE FUNCTION messaging.is_other_request(p_known text, p_fingerprint text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_known <> '' AND p_known <> p_fingerprint AND (p_known LIKE '2:%') = (p_fingerprint LIKE '2:%')
$$;
