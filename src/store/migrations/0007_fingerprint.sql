-- Fingerprints of bodies are made otherwise: of what an older version saw, what is remembered is compared once.
UPDATE seen SET text = zeroblob(16) WHERE NOT gone;
-- The same for posts whose files are broken just now, lest they take the old fingerprint along until they are mended.
UPDATE last_good SET post = json_set(post, '$.text', json('[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]'))
WHERE json_type(post, '$.text') = 'array';
