-- Fingerprints of bodies are made otherwise: of what an older version saw, what is remembered is compared once.
UPDATE seen SET text = zeroblob(16) WHERE NOT gone;
