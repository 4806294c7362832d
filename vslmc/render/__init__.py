"""From a plan to the files of its package: views, templates and leaf modules."""
