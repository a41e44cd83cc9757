"""The same many resources declared for infractl and for Terraform, and processes whose memory and writes are counted."""
