"""The painter in the box: prompt words to pixels, equal on every CPU.

Chance is an integer hash; shapes are splines filled by exact integer coverage; everything else is + - x / and sqrt
on IEEE floats, one numpy operation at a time. There is no exp, sin, power, BLAS, float sum or library randomness here
(a test reads the sources for them), so no CPU feature, thread count or libm can change a pixel.

The way of a prompt: `lexicon` knows words, `prompt` finds them with weights and colours, `brief` decides what is
painted, `subject` what it is of, `scenes` and `landscape` place it, `sky`, `land`, `town`, `plants`, `animals`,
`things`, `figure` and `face` draw it on a `canvas`, and `finishes` turn the result into a watercolour, a woodblock
print and so on.
"""
