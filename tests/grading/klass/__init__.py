"""A class of forty: who they are, what they recorded, what they wrote, and the marks they deserve.

The captures are the corpus' own; what is right comes from its truth files, which the two ends of
each session wrote. The texts are put together from sentences written by hand, as people write.
"""
