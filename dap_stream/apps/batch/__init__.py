"""Archives: many recordings into a folder that remembers what is done, by several processes or machines."""
