"""The ground every app stands on: who, where, files by content, text that grows."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.timezone import now


class User(AbstractUser):
    """A person who can sign in. `is_superuser` marks an administrator of the studio."""

    def __str__(self) -> str:
        return self.username


class Workspace(models.Model):
    """Where experiments, models, environments and clusters live together."""

    name = models.CharField(max_length=33, unique=True)
    friendly_name = models.CharField(max_length=100, blank=True, help_text="what pages call it")
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """What people call it: its friendly name, or else its name."""
        return self.friendly_name or self.name


class Role(models.TextChoices):
    OWNER = "owner"
    CONTRIBUTOR = "contributor"
    READER = "reader"


class Member(models.Model):
    """What a user is in a workspace."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role, default=Role.CONTRIBUTOR)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="one_role_per_member")
        ]


class TokenKind(models.TextChoices):
    PERSONAL = "personal"
    RUN = "run"
    LOG = "log"


class Token(models.Model):
    """A bearer token; only the SHA-256 of its secret is kept.

    A run's token carries the run's id in `subject` and is good for that run's own calls only. One
    of the kind LOG names a run as well; it brings points and files to it, and may do nothing else.
    """

    kind = models.CharField(max_length=16, choices=TokenKind, default=TokenKind.PERSONAL)
    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    subject = models.CharField(max_length=300, blank=True, db_index=True)
    secret_sha256 = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12, help_text="first characters, to tell tokens apart")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]


class Blob(models.Model):
    """Bytes named by their SHA-256; the bytes lie in the blob store.

    `used_at`: when somebody last put it or asked whether it is there. What was used lately is never
    collected, whether or not a tree or a run names it yet.
    """

    sha256 = models.CharField(max_length=64, primary_key=True)
    size_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(default=now, db_index=True)


class Upload(models.Model):
    """Bytes that are on their way, of one content; they may go on after a cut.

    sha256: what the sender says they will be, "" where it does not know yet.   subject: the run
    whose token sends, "" for a person.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="uploads")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    subject = models.CharField(max_length=300, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size_bytes = models.PositiveBigIntegerField()
    received_bytes = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)


class Tree(models.Model):
    """An immutable list of (path, blob), named by the SHA-256 of its canonical listing."""

    sha256 = models.CharField(max_length=64, unique=True)
    file_count = models.PositiveIntegerField()
    size_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)


class TreeFile(models.Model):
    tree = models.ForeignKey(Tree, models.CASCADE, related_name="files")
    path = models.CharField(max_length=1000)
    blob = models.ForeignKey(Blob, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["tree", "path"], name="one_file_per_path_in_tree")
        ]


class Stream(models.Model):
    """Text that grows by appending at an offset: a log. `size_bytes` and `line_count` so far.

    `line_count` counts newline bytes. `is_cut`: its limit was reached, and what came later was left
    out; its last line says so.
    """

    size_bytes = models.PositiveBigIntegerField(default=0)
    line_count = models.PositiveBigIntegerField(default=0)
    is_complete = models.BooleanField(default=False)
    is_cut = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)


class StreamChunk(models.Model):
    """Bytes of a stream from `offset` on; `first_line` newlines come before it."""

    stream = models.ForeignKey(Stream, models.CASCADE, related_name="chunks")
    offset = models.PositiveBigIntegerField()
    first_line = models.PositiveBigIntegerField()
    data = models.BinaryField()

    class Meta:
        ordering = ["offset"]
        constraints = [
            models.UniqueConstraint(fields=["stream", "offset"], name="one_chunk_per_offset")
        ]


class StreamTime(models.Model):
    """When lines came: `line` (from 0) and those after it, until the next row, in the second `at`.

    A line counts from when it ended, or was last added to.
    """

    # Its rows are found by the constraint's index.
    stream = models.ForeignKey(Stream, models.CASCADE, related_name="times", db_index=False)
    line = models.PositiveBigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "line"], name="one_time_per_line")]
