/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel makes of a filter's answers, and the fingerprint of that. */
#include <sha2.h>

#include "model/call.h"
#include "model/diagram-impl.h"

static uint32_t meaning(uint32_t action, const void *user)
{
	(void)user;
	return action_meaning(action);
}

diagram_ref diagram_meaning(struct diagram *d, diagram_ref root)
{
	return diagram_map(d, root, meaning, NULL);
}

/* ---- Fingerprint ---- */

static void put_be32(SHA2_CTX *sha, uint32_t value)
{
	const uint8_t bytes[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value };

	SHA256Update(sha, bytes, sizeof(bytes));
}

static void hash_node(const struct diagram_node *n, uint8_t (*hash)[SHA256_DIGEST_LENGTH], uint8_t ret_hash[SHA256_DIGEST_LENGTH])
{
	bool leaf = n->var == DIAGRAM_VARS;
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, (const uint8_t *)(leaf ? "L" : "N"), 1);
	put_be32(&sha, leaf ? n->lo : n->var);
	if (!leaf) {
		SHA256Update(&sha, hash[n->lo], sizeof(hash[n->lo]));
		SHA256Update(&sha, hash[n->hi], sizeof(hash[n->hi]));
	}
	SHA256Final(ret_hash, &sha);
}

int diagram_fingerprint(struct diagram *d, diagram_ref root, uint8_t ret_hash[DIAGRAM_FINGERPRINT_SIZE])
{
	_cleanup_free_ uint8_t(*hash)[SHA256_DIGEST_LENGTH] = NULL;
	_cleanup_free_ bool *reached = NULL;

	root = diagram_meaning(d, root);
	if (d->error)
		return d->error;
	reached = diagram_reached(d, root);
	hash = calloc((size_t)root + 1, sizeof(*hash));
	if (!hash || !reached)
		return -ENOMEM;
	/* upwards: children have smaller indices than their parents */
	for (size_t i = 0; i <= root; i++)
		if (reached[i])
			hash_node(&d->nodes[i], hash, hash[i]);
	memcpy(ret_hash, hash[root], DIAGRAM_FINGERPRINT_SIZE);
	return 0;
}
