/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel makes of a filter's answers, and the fingerprint of that. */
#include <sha2.h>

#include "model/call.h"
#include "model/diagram-impl.h"

/* Reached from a root, and what was computed there; below a node's index stand its children's. */
struct walk {
	bool *reached;
	uint8_t (*hash)[SHA256_DIGEST_LENGTH];
};

static void walk_done(struct walk *walk)
{
	free(walk->reached);
	free(walk->hash);
}

/* Parents have larger indices than their children, so one pass downwards meets every node after all of its parents. */
static int walk_from(const struct diagram *d, diagram_ref root, struct walk *walk)
{
	walk->reached = calloc((size_t)root + 1, sizeof(*walk->reached));
	if (!walk->reached)
		return -ENOMEM;
	walk->reached[root] = true;
	for (size_t i = (size_t)root + 1; i-- > 0;)
		if (walk->reached[i] && d->nodes[i].var != DIAGRAM_VARS)
			walk->reached[d->nodes[i].lo] = walk->reached[d->nodes[i].hi] = true;
	return 0;
}

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
	_cleanup_(walk_done) struct walk walk = { 0 };

	root = diagram_meaning(d, root);
	if (d->error)
		return d->error;
	walk.hash = calloc((size_t)root + 1, sizeof(*walk.hash));
	if (!walk.hash || walk_from(d, root, &walk))
		return -ENOMEM;
	for (size_t i = 0; i <= root; i++)
		if (walk.reached[i])
			hash_node(&d->nodes[i], walk.hash, walk.hash[i]);
	memcpy(ret_hash, walk.hash[root], DIAGRAM_FINGERPRINT_SIZE);
	return 0;
}
