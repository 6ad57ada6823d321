"""The four stories, as batch files: `musep2p example NAME` copies one out."""
